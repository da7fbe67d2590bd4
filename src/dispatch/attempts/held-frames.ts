import type { Frame } from '../../protocols/contract.ts';

/** Frames of an answer that nobody has seen yet, so that another endpoint can still take over. */
export class HeldFrames {
  #frames: Frame[] = [];
  #sizeBytes = 0;
  #hasStarted = false;

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  add(frame: Frame): void {
    this.#frames.push(frame);
    this.#sizeBytes += frame.bytes.length;
  }

  /** The answer begins; of a host that begins it twice only the second counts. */
  begin(): void {
    if (this.#hasStarted) this.take();
    this.#hasStarted = true;
  }

  /** Gives the frames away, in their order. */
  take(): readonly Frame[] {
    const frames = this.#frames;
    this.#frames = [];
    this.#sizeBytes = 0;
    return frames;
  }
}
