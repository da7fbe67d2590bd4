/** Fields of outcomes that a rule may compare. */
export type RuleField = 'value' | 'label' | 'amount' | 'minutesSaved';

/** Signs of comparison. */
export type RuleOperator = '==' | '!=' | '>=' | '>' | '<=' | '<';

/** A parsed success rule. */
export type RuleNode =
  | { readonly type: 'not'; readonly of: RuleNode }
  | { readonly type: 'and' | 'or'; readonly left: RuleNode; readonly right: RuleNode }
  | { readonly type: 'behaviour'; readonly kind: string }
  | {
      readonly type: 'compare';
      readonly kind: string;
      readonly field: RuleField;
      readonly operator: RuleOperator;
      readonly wanted: number | string;
    };

interface Token {
  readonly kind: 'name' | 'number' | 'text' | 'sign';
  readonly text: string;
  readonly at: number;
}

/** Thrown inside the parser only. */
class Refusal extends Error {
  readonly at: number;
  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

const maxDepth = 20;
const tokenPattern =
  /\s*(?:(?<name>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)?)|(?<number>-?\d{1,12}(?:\.\d{1,12})?)|"(?<text>[^"\\]{0,64})"|(?<sign>&&|\|\||==|!=|>=|<=|>|<|!|\(|\)))/y;
const comparisons: ReadonlySet<string> = new Set<RuleOperator>(['==', '!=', '>=', '>', '<=', '<']);

/** Parses the text of a rule, or says what is wrong and where. */
export function parseRule(text: string): RuleNode | { readonly problem: string; readonly at: number } {
  try {
    return new RuleParser(tokensOf(text), text.length).parse();
  } catch (error) {
    if (error instanceof Refusal) return { problem: error.message, at: error.at };
    throw error;
  }
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  tokenPattern.lastIndex = 0;
  const end = text.trimEnd().length;
  while (tokenPattern.lastIndex < end) {
    const at = tokenPattern.lastIndex;
    const found = tokenPattern.exec(text);
    const start = at + (/^\s*/.exec(text.slice(at))?.[0].length ?? 0);
    if (!found?.groups) throw new Refusal(`"${text.slice(start, start + 12)}" is nothing that a rule knows`, start);
    const { name, number, text: quoted, sign } = found.groups;
    if (name !== undefined) tokens.push({ kind: 'name', text: name, at: start });
    else if (number !== undefined) tokens.push({ kind: 'number', text: number, at: start });
    else if (quoted !== undefined) tokens.push({ kind: 'text', text: quoted, at: start });
    else tokens.push({ kind: 'sign', text: sign ?? '', at: start });
  }
  return tokens;
}

/** Recursive descent: `||` binds weakest, then `&&`, then `!`, then comparisons. */
class RuleParser {
  readonly #tokens: readonly Token[];
  readonly #end: number;
  #next = 0;
  #depth = 0;

  constructor(tokens: readonly Token[], end: number) {
    this.#tokens = tokens;
    this.#end = end;
  }

  parse(): RuleNode {
    const node = this.#or();
    const rest = this.#tokens[this.#next];
    if (rest) throw new Refusal(`"${rest.text}" is not expected here; join parts with && or ||`, rest.at);
    return node;
  }

  #or(): RuleNode {
    let left = this.#and();
    while (this.#takes('||')) left = { type: 'or', left, right: this.#and() };
    return left;
  }

  #and(): RuleNode {
    let left = this.#unary();
    while (this.#takes('&&')) left = { type: 'and', left, right: this.#unary() };
    return left;
  }

  #unary(): RuleNode {
    this.#depth += 1;
    if (this.#depth > maxDepth) throw new Refusal(`a rule is at most ${maxDepth} levels deep`, this.#here());
    const node = this.#operand();
    this.#depth -= 1;
    return node;
  }

  #operand(): RuleNode {
    if (this.#takes('!')) return { type: 'not', of: this.#unary() };
    return this.#takes('(') ? this.#closed() : this.#part();
  }

  #closed(): RuleNode {
    const node = this.#or();
    if (!this.#takes(')')) throw new Refusal('a parenthesis is not closed', this.#here());
    return node;
  }

  #part(): RuleNode {
    const token = this.#tokens[this.#next];
    if (token?.kind !== 'name') {
      throw new Refusal('a part of a rule begins with a kind of outcome, such as test.pass or score', this.#here());
    }
    this.#next += 1;
    const [kind = '', field] = token.text.split('.');
    if (kind === 'behaviour') {
      if (field === undefined) throw new Refusal('say which behaviour, such as behaviour.regenerate', token.at);
      return { type: 'behaviour', kind: field };
    }
    const sign = this.#tokens[this.#next];
    if (sign?.kind === 'sign' && comparisons.has(sign.text)) return this.#comparison({ kind, field, token, sign });
    return standingAlone(kind, field, token);
  }

  #comparison(side: {
    readonly kind: string;
    readonly field: string | undefined;
    readonly token: Token;
    readonly sign: Token;
  }): RuleNode {
    this.#next += 1;
    const wanted = this.#tokens[this.#next];
    if (wanted?.kind !== 'number' && wanted?.kind !== 'text') {
      throw new Refusal(`${side.sign.text} needs a number or a "text" on its right`, this.#here());
    }
    this.#next += 1;
    const operator = side.sign.text as RuleOperator;
    const compared = comparedField(side.kind, side.field, side.token);
    const isText = compared.field === 'label';
    if (isText !== (wanted.kind === 'text')) {
      throw new Refusal(isText ? 'a label is compared with a "text"' : 'a number is needed here', wanted.at);
    }
    if (isText && operator !== '==' && operator !== '!=') {
      throw new Refusal('labels are only equal or not: use == or !=', side.sign.at);
    }
    return { type: 'compare', ...compared, operator, wanted: isText ? wanted.text : Number(wanted.text) };
  }

  #takes(sign: string): boolean {
    const token = this.#tokens[this.#next];
    if (token?.kind !== 'sign' || token.text !== sign) return false;
    this.#next += 1;
    return true;
  }

  #here(): number {
    return this.#tokens[this.#next]?.at ?? this.#end;
  }
}

/** Without a comparison a kind must be wholly right, or as its field says. */
function standingAlone(kind: string, field: string | undefined, token: Token): RuleNode {
  if (field === undefined || field === 'pass' || field === 'value') {
    if (kind === 'label' || kind === 'revenue' || kind === 'minutes_saved') {
      throw new Refusal(
        `${kind} is to be compared, such as ${kind === 'label' ? 'label == "kept"' : 'amount > 0'}`,
        token.at,
      );
    }
    if (kind === 'fail') return { type: 'compare', kind, field: 'value', operator: '<', wanted: 1 };
    return { type: 'compare', kind, field: 'value', operator: '>=', wanted: 1 };
  }
  if (field === 'fail') return { type: 'compare', kind, field: 'value', operator: '<', wanted: 1 };
  throw new Refusal(`"${field}" is no field: use .pass, .fail or .value`, token.at);
}

function comparedField(
  kind: string,
  field: string | undefined,
  token: Token,
): { readonly kind: string; readonly field: RuleField } {
  if (kind === 'amount' && field === undefined) return { kind: 'revenue', field: 'amount' };
  if (kind === 'minutesSaved' && field === undefined) return { kind: 'minutes_saved', field: 'minutesSaved' };
  if (kind === 'label' && field === undefined) return { kind, field: 'label' };
  if (field === undefined || field === 'value') return { kind, field: 'value' };
  if (field === 'label' || field === 'amount' || field === 'minutesSaved') return { kind, field };
  throw new Refusal(`"${field}" cannot be compared: use value, label, amount or minutesSaved`, token.at);
}
