export { type ControlDeps, createControlApp } from './control/control-app.ts';
export { controlRoutes, type ControlViews } from './control/control-routes.ts';
export { type ChangeBook, databaseChangeBook } from './control/framework/change-book.ts';
export type { Outsider, Principal, Role } from './control/framework/principal.ts';
export { identifyToken, type IdentifyDeps } from './control/identify.ts';
export { createInferenceHandler, type InferenceDeps, type InferenceHandler } from './inference/inference-handler.ts';
export { closeServer, listen } from './listen.ts';
export { createHttpServer, type ServerParts } from './server.ts';
export { createStatusHandler, type StatusDeps } from './status-routes.ts';
