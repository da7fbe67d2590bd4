export { type AppDeploy, deployApp, type DeployDeps, type DeployedApp } from './deploy-app.ts';
export { BuildService, type BuildServiceDeps, type RunningBuild } from './build-service.ts';
export type {
  AskedModel,
  BuildCheck,
  BuildEvent,
  BuildQuestion,
  BuildRecord,
  BuildRequest,
  BuildStatus,
  ModelAnswer,
} from './build-types.ts';
