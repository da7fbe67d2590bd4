/** One thing that the doctor looked at. */
export interface Finding {
  readonly what: string;
  readonly state: 'ok' | 'missing' | 'problem';
  readonly detail: string;
}
