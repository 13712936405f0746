// The commands, explicitly: what is not in this table does not exist.
import Accept from "./accept.ts";
import Approve from "./approve.ts";
import Ask from "./ask.ts";
import Audit from "./audit.ts";
import AwsCredentialProcess from "./aws-credential-process.ts";
import Completion from "./completion.ts";
import Deny from "./deny.ts";
import DockerCredential from "./docker-credential.ts";
import Doctor from "./doctor.ts";
import Explain from "./explain.ts";
import GitCredential from "./git-credential.ts";
import Help from "./help.ts";
import IdentityAccept from "./identity/accept.ts";
import IdentityClaim from "./identity/claim.ts";
import IdentityCreate from "./identity/create.ts";
import IdentityList from "./identity/list.ts";
import IdentityReject from "./identity/reject.ts";
import IdentityRevoke from "./identity/revoke.ts";
import Init from "./init.ts";
import KubeExec from "./kube-exec.ts";
import Lock from "./lock.ts";
import Login from "./login.ts";
import Logout from "./logout.ts";
import Mcp from "./mcp.ts";
import RotateMaster from "./rotate-master.ts";
import Run from "./run.ts";
import Scan from "./scan.ts";
import Seal from "./seal.ts";
import SecretsAttachGroup from "./secrets/attach-group.ts";
import SecretsCreate from "./secrets/create.ts";
import SecretsDelete from "./secrets/delete.ts";
import SecretsDetachGroup from "./secrets/detach-group.ts";
import SecretsImport from "./secrets/import.ts";
import SecretsList from "./secrets/list.ts";
import SecretsRotate from "./secrets/rotate.ts";
import SecretsShow from "./secrets/show.ts";
import SecretsUpdate from "./secrets/update.ts";
import Serve from "./serve.ts";
import ServicesAdd from "./services/add.ts";
import ServicesList from "./services/list.ts";
import ServicesShow from "./services/show.ts";
import SkillInstall from "./skill/install.ts";
import Status from "./status.ts";
import StoreMigrate from "./store/migrate.ts";
import StoreRestore from "./store/restore.ts";
import Unlock from "./unlock.ts";
import Unseal from "./unseal.ts";

export const COMMANDS = {
  accept: Accept,
  approve: Approve,
  ask: Ask,
  audit: Audit,
  "aws-credential-process": AwsCredentialProcess,
  completion: Completion,
  deny: Deny,
  "docker-credential": DockerCredential,
  doctor: Doctor,
  explain: Explain,
  "git-credential": GitCredential,
  help: Help,
  "identity:accept": IdentityAccept,
  "identity:claim": IdentityClaim,
  "identity:create": IdentityCreate,
  "identity:list": IdentityList,
  "identity:reject": IdentityReject,
  "identity:revoke": IdentityRevoke,
  init: Init,
  "kube-exec": KubeExec,
  lock: Lock,
  login: Login,
  logout: Logout,
  mcp: Mcp,
  "rotate-master": RotateMaster,
  run: Run,
  scan: Scan,
  seal: Seal,
  "secrets:attach-group": SecretsAttachGroup,
  "secrets:create": SecretsCreate,
  "secrets:delete": SecretsDelete,
  "secrets:detach-group": SecretsDetachGroup,
  "secrets:import": SecretsImport,
  "secrets:list": SecretsList,
  "secrets:rotate": SecretsRotate,
  "secrets:show": SecretsShow,
  "secrets:update": SecretsUpdate,
  serve: Serve,
  "services:add": ServicesAdd,
  "services:list": ServicesList,
  "services:show": ServicesShow,
  "skill:install": SkillInstall,
  status: Status,
  "store:migrate": StoreMigrate,
  "store:restore": StoreRestore,
  unlock: Unlock,
  unseal: Unseal,
};
