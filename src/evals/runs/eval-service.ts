import type { PromptVersion } from '../../catalog/index.ts';
import { Fault } from '../../domain/faults/fault.ts';
import type { JsonObject } from '../../domain/calls/model-call.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import { PeriodicTask } from '../../platform/periodic-task.ts';
import { claimMs, WorkClaim } from '../../platform/work-claim.ts';
import { type Database, extendClaim, isConnectionLost } from '../../storage/index.ts';
import type { CodeRunner } from '../graders/code.ts';
import { createGraders, type Graders } from '../graders/graders.ts';
import type { GraderCaller } from '../graders/http.ts';
import { createJudgeGrader } from '../graders/judge.ts';
import { judgeHealth } from '../judge/judge-health.ts';
import { judgePromptVersion, type PairVerdict } from '../judge/judge-pair.ts';
import { reportOf } from './eval-report.ts';
import { armOf, type EvalItem, type EvalResult, type EvalSpec } from './eval-spec.ts';
import {
  claimRun,
  type EvalRun,
  findRun,
  finishRun,
  insertResult,
  insertRun,
  readFirstAnswers,
  readHistories,
  readItems,
  readResults,
  reserveMoney,
} from './eval-store.ts';
import { planItems } from './plan-items.ts';
import { answerName, type AskedAnswer, type EvalParts, runEval } from './run-eval.ts';

/** What a finished answer tells routing. */
export interface EvalOutcome {
  readonly run: EvalRun;
  readonly item: EvalItem;
  readonly result: EvalResult;
  /** The judge's view beside the graders; only of healthy judges. */
  readonly kind: 'score' | 'preference';
  readonly grader: string;
}

/** What evaluations need of the product. */
export interface EvalServiceDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly workerId: string;
  readonly codeRunner?: (() => CodeRunner | undefined) | undefined;
  readonly graderCaller: GraderCaller;
  database(): Database | undefined;
  newId(prefix: string): string;
  /** Through the gateway; `under`: by a model that meets the demands of this job. */
  ask(
    body: JsonObject,
    how: { readonly under?: string | undefined; readonly prompt?: PromptVersion | undefined },
  ): Promise<AskedAnswer>;
  /** What requests of a job are told besides, as it is now. */
  promptOf(job: string): PromptVersion | undefined;
  ceilingNanos: EvalParts['ceilingNanos'];
  /** Makes a result an outcome. */
  tell(outcome: EvalOutcome): void;
}

const idlePollMs = 2_000;
/** So soon a run that somebody stopped ends. */
const extendEveryMs = 2_000;

/** Runs evaluations one after another; they are kept in the database, and a crash costs at most the answers in flight. */
export class EvalService {
  readonly #deps: EvalServiceDeps;
  readonly #task: PeriodicTask;
  #isClosing = false;

  constructor(deps: EvalServiceDeps) {
    this.#deps = deps;
    this.#task = new PeriodicTask({
      everyMs: idlePollMs,
      turn: () => this.#work(),
      failed: (error) => deps.logger.error({ err: error }, 'an evaluation could not be run; it is tried again'),
    });
  }

  /** Looks for work from now on. */
  start(): void {
    this.#task.start();
  }

  /** Lets the answers in flight come, and leaves the rest to the next start. */
  async close(): Promise<void> {
    this.#isClosing = true;
    await this.#task.stop();
  }

  /** Keeps a run for later; a Fault says what is wrong with it before anything is kept. */
  async create(database: Database, asked: EvalSpec, items: readonly EvalItem[]): Promise<EvalRun | Fault> {
    const prompt = this.#deps.promptOf(asked.job);
    const spec: EvalSpec = { ...asked, ...(prompt && { prompt }) };
    const graders = this.#graders(spec);
    for (const candidate of spec.candidates) {
      const ceiling = this.#deps.ceilingNanos(armOf(spec, candidate).model, { inputTokens: 1, outputTokens: 1 });
      if (Fault.is(ceiling)) return new Fault('invalid_request', { message: ceiling.message, param: 'candidates' });
    }
    const created = {
      id: this.#deps.newId('evr'),
      spec,
      graders: versionsOf(graders),
      createdAtMs: this.#deps.clock.nowMs(),
    };
    await insertRun(database, created, items);
    this.#task.nudge();
    const amounts = { maxNanos: spec.maxNanos, spentNanos: 0n };
    const nothing = { detail: null, report: null, finishedAtMs: null };
    return { ...created, ...amounts, ...nothing, job: spec.job, state: 'queued', itemCount: items.length };
  }

  /** Graders as they are for a run. */
  #graders({ graderUrl }: EvalSpec): Graders {
    const { codeRunner, graderCaller } = this.#deps;
    const http = graderUrl === undefined ? undefined : { url: graderUrl, caller: graderCaller };
    return createGraders({ codeRunner: codeRunner?.(), http });
  }

  async #work(): Promise<void> {
    const { clock, workerId: by } = this.#deps;
    const database = this.#deps.database();
    if (database?.isAvailable() !== true) return;
    for (;;) {
      const nowMs = clock.nowMs();
      const run = await claimRun(database, { by, nowMs, untilMs: nowMs + claimMs });
      if (!run || this.#isClosing) return;
      await this.#run(database, run);
    }
  }

  async #run(database: Database, run: EvalRun): Promise<void> {
    const { clock, workerId: by } = this.#deps;
    const { spec, id } = run;
    const items = planItems(await readItems(database, run.id), await readHistories(database, run.id), spec.seed);
    const before = await readResults(database, run.id);
    const first = spec.isLogged === true ? await readFirstAnswers(database, run.id) : undefined;
    const verdicts: PairVerdict[] = [];
    const claim = this.#claim(database, id);
    try {
      const { spentNanos } = run;
      const done = new Set(before.map(({ itemId, candidate, sample }) => answerName(itemId, candidate, sample)));
      const parts = this.#parts({
        database,
        run,
        items,
        verdicts,
        first,
        isCancelled: () => claim.signal.aborted || this.#isClosing,
      });
      const ended = await runEval(spec, { items, done, spentNanos }, parts);
      // A gateway that goes away leaves the run to the next one.
      if (this.#isClosing && ended.state === 'stopped') return;
      // Somebody stopped it, or took it up while this gateway did not get to the database.
      if (claim.signal.aborted) return;
      const health = verdicts.length === 0 ? null : judgeHealth(verdicts);
      const report = reportOf(spec.candidates, await readResults(database, run.id), health);
      const { state, detail } = ended;
      await finishRun(database, {
        id,
        by,
        state,
        detail: detail ?? null,
        spentNanos: ended.spentNanos,
        report,
        atMs: clock.nowMs(),
      });
    } catch (error) {
      // What was answered is kept: when the claim has lapsed, the run goes on from there.
      if (isConnectionLost(error))
        return this.#deps.logger.warn({ err: error, run: run.id }, 'an evaluation waits for the database');
      this.#deps.logger.error({ err: error, run: run.id }, 'an evaluation failed');
      const spentNanos = (await findRun(database, run.id))?.spentNanos ?? run.spentNanos;
      const report = reportOf(spec.candidates, await readResults(database, run.id));
      const detail = 'it failed by a defect; the log says more';
      await finishRun(database, { id, by, state: 'failed', detail, spentNanos, report, atMs: clock.nowMs() });
    } finally {
      claim.release();
    }
  }

  #parts(of: {
    readonly database: Database;
    readonly run: EvalRun;
    readonly items: readonly EvalItem[];
    readonly verdicts: PairVerdict[];
    readonly first: ReadonlyMap<string, string> | undefined;
    isCancelled(): boolean;
  }): EvalParts {
    const { database, run, items, verdicts, first, isCancelled } = of;
    const deps = this.#deps;
    const { ceilingNanos, clock, workerId: by } = deps;
    const claimed = { id: run.id, by };
    const ask = this.#asking(run.spec);
    const graders = this.#graders(run.spec);
    const byId = new Map(items.map((item) => [item.id, item]));
    const judge = this.#judge(run.spec.judge, { ask, verdicts });
    return {
      ask,
      ceilingNanos,
      graders,
      judge,
      isCancelled,
      reserve: (nanos) => reserveMoney(database, claimed, nanos),
      giveBack: (nanos) => reserveMoney(database, claimed, -nanos),
      async keep(result, judged, spentNanos) {
        await insertResult(database, claimed, { result, spentNanos, atMs: clock.nowMs() });
        const item = byId.get(result.itemId);
        if (!item || result.requestId === '') return;
        if (armOf(run.spec, result.candidate).isTrial) return;
        // That a model answers as it answered before says nothing of its answers.
        if (item.answeredBy !== undefined && [result.model, result.candidate].includes(item.answeredBy)) return;
        const { itemId, candidate } = result;
        const requestId = first?.get(answerName(itemId, candidate, 0)) ?? result.requestId;
        const tell = (told: Pick<EvalOutcome, 'result' | 'kind' | 'grader'>): void =>
          deps.tell({ ...told, run, item, result: { ...told.result, requestId } });
        if (result.score !== null) tell({ result, kind: 'score', grader: run.graders });
        const score = judged?.score ?? null;
        const isTrusted = judge && judgeHealth(verdicts).gate === 'green';
        if (score !== null && isTrusted)
          tell({ result: { ...result, score }, kind: 'preference', grader: judge.grader.name });
      },
    };
  }

  /** What customers asked goes only where their job lets it go. */
  #asking({ isLogged, job }: EvalSpec): EvalParts['ask'] {
    return (body, prompt) => this.#deps.ask(body, { under: isLogged === true ? job : undefined, prompt });
  }

  #judge(
    model: string | undefined,
    parts: Pick<EvalParts, 'ask'> & { readonly verdicts: PairVerdict[] },
  ): EvalParts['judge'] {
    if (model === undefined) return undefined;
    const ask = async (prompt: string): Promise<{ text: string; costNanos: bigint | null }> => {
      const { answer, costNanos } = await parts.ask({
        model,
        messages: [{ role: 'user', content: prompt }],
        max_tokens: 1024,
        temperature: 0,
      });
      return { text: Fault.is(answer) ? '' : answer.text, costNanos };
    };
    const grader = createJudgeGrader(
      { name: `${model}/${judgePromptVersion}`, ask },
      { note: (verdict) => void parts.verdicts.push(verdict) },
    );
    return { grader, model };
  }

  #claim(database: Database, id: string): WorkClaim {
    const { clock, logger, workerId: by } = this.#deps;
    const extend = (): Promise<boolean> =>
      extendClaim(database, 'eval_run', { id, by, untilMs: clock.nowMs() + claimMs });
    return new WorkClaim({ clock, logger, id, everyMs: extendEveryMs, extend });
  }
}

function versionsOf(graders: Graders): string {
  return [...graders.values()].map(({ name, version }) => `${name}@${version}`).join(' ');
}
