// Libraries that bring the roots which they trust as a file of their own: it is found, and the run's laid over it.
import { delimiter, dirname } from "node:path";
import type { Places } from "./places.ts";

/** Of a Python's `site-packages`: requests and httpx (certifi), pip, botocore, httplib2, gRPC, older Stripe. */
const PYTHON_FILES = ["certifi/cacert.pem", "pip/_vendor/certifi/cacert.pem", "botocore/cacert.pem", "httplib2/cacerts.txt", "grpc/_cython/_credentials/roots.pem", "stripe/data/ca-certificates.crt"] as const;

/** Of Perl's Mozilla::CA, the AWS command line, and Conda's OpenSSL in each environment (below). */
const FIXED_FILES = ["/usr/share/perl5/Mozilla/CA/cacert.pem", "/usr/share/perl5/vendor_perl/Mozilla/CA/cacert.pem", "/usr/local/aws-cli/v2/current/dist/awscli/botocore/cacert.pem", "/usr/local/aws-cli/v2/current/dist/botocore/cacert.pem"] as const;
const PREFIX_FILES = ["ssl/cacert.pem"] as const;

/** Folders below home with one Python, or one environment, in each. */
const HOME_FOLDERS = [".pyenv/versions", ".local/pipx/venvs", ".local/share/pipx/venvs", ".local/share/uv/tools", ".local/share/uv/python", ".virtualenvs", ".cache/pypoetry/virtualenvs", ".asdf/installs/python", ".local/share/mise/installs/python"] as const;
const HOME_PREFIXES = [".local", "miniconda3", "anaconda3", "miniforge3"] as const;
const PROJECT_PREFIXES = [".venv", "venv", "env"] as const;
const SYSTEM_PREFIXES = ["/usr", "/usr/local", "/home/linuxbrew/.linuxbrew", "/opt/conda"] as const;

const PYTHON_NAME = /^python3(?:\.\d+)?t?$/;

/** @param variables the program's: a Python on its PATH counts, wherever that is, and those of PYENV_ROOT, whose programs on the PATH are scripts. @returns the real paths of those that are there. */
export function findLibraryBundles(places: Places, home: string, project: string, variables: Readonly<Record<string, string | undefined>>): string[] {
  const named = ["VIRTUAL_ENV", "CONDA_PREFIX"].map((name) => variables[name] ?? "").filter((path) => path.startsWith("/"));
  const { PATH: path = "", PYENV_ROOT: pyenv = "" } = variables;
  const programs = places.realPaths(path.split(delimiter).filter((folder) => folder.startsWith("/")).map((folder) => `${folder}/python3`)).map((program) => dirname(dirname(program)));
  const folders = [...HOME_FOLDERS.map((folder) => `${home}/${folder}`), ...(pyenv.startsWith("/") ? [`${pyenv}/versions`] : [])];
  const installed = folders.flatMap((folder) => places.names(folder).map((name) => `${folder}/${name}`));
  const prefixes = new Set([...SYSTEM_PREFIXES, ...named, ...programs, ...PROJECT_PREFIXES.map((name) => `${project}/${name}`), ...HOME_PREFIXES.map((name) => `${home}/${name}`), ...installed]);
  const packages = [...prefixes].flatMap((prefix) => packageFolders(places, prefix));
  return places.realFiles([...packages.flatMap((folder) => PYTHON_FILES.map((file) => `${folder}/${file}`)), ...[...prefixes].flatMap((prefix) => PREFIX_FILES.map((file) => `${prefix}/${file}`)), ...FIXED_FILES]);
}

function packageFolders(places: Places, prefix: string): string[] {
  const pythons = ["lib", "lib64"].flatMap((library) => places.names(`${prefix}/${library}`).filter((name) => PYTHON_NAME.test(name)).map((name) => `${prefix}/${library}/${name}`));
  // Debian keeps its own packages apart.
  return pythons.flatMap((python) => [`${python}/site-packages`, `${python}/dist-packages`]);
}
