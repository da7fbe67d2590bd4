export { type AppDeploy, deployApp, type DeployedApp } from './deploy-app.ts';
export { BuildService } from './build-service.ts';
export type { AskedModel, BuildCheck, BuildEvent, BuildQuestion, BuildRecord, ModelAnswer } from './build-types.ts';
