export { type AppDeploy, deployApp, type DeployDeps, type DeployedApp } from './deploy-app.ts';
