/** How the product is started. */
export interface ServeOptions {
  /** Given explicitly, the file must exist; else `switchyard.yaml` is read if there is one. */
  readonly configFile?: string | undefined;
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly dataDirectory: string;
  readonly environment: { readonly [name: string]: string | undefined };
}
