// What the shells are told: to ask the program, so that a script stays right when the program is updated. Candidates are one a line, and where there are none, the shell offers files.
// Each script calls the program by the word that was typed, so both of its names work, and one that is not on the PATH.
import type { SHELLS } from "./completion.ts";

type Shell = (typeof SHELLS)[number];

const BASH = `# vault, in bash: source <(vault completion bash)
_vault_complete() {
  local i IFS=$'\\n'
  for ((i = 1; i < COMP_CWORD; i++)); do
    if [[ \${COMP_WORDS[i]} == -- ]]; then
      if ((i + 1 == COMP_CWORD)); then COMPREPLY=($(compgen -c -- "\${COMP_WORDS[COMP_CWORD]}")); fi
      return
    fi
  done
  COMPREPLY=($("\${COMP_WORDS[0]}" completion -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null </dev/null))
}
complete -o default -F _vault_complete vault vaultrun
`;

const ZSH = `# vault, in zsh, behind compinit: source <(vault completion zsh)
_vault_complete() {
  local -i dashes=\${words[(ie)--]}
  if (( dashes < CURRENT )); then
    shift $dashes words
    (( CURRENT -= dashes ))
    _normal
    return
  fi
  local -a found
  found=(\${(f)"$("\${words[1]}" completion -- "\${(@)words[2,CURRENT]}" 2>/dev/null </dev/null)"})
  if (( $#found )); then compadd -a found; else _files; fi
}
compdef _vault_complete vault vaultrun
`;

const FISH = `# vault, in fish: vault completion fish | source
function __vault_complete
    set -l typed (commandline -opc)
    set -l current (commandline -ct)
    set -l program $typed[1]
    set -e typed[1]
    if set -l dashes (contains -i -- -- $typed)
        set -e typed[1..$dashes]
        complete -C (string join -- ' ' (string escape -- $typed) $current)
        return
    end
    set -l found ($program completion -- $typed "$current" 2>/dev/null </dev/null)
    if test (count $found) -gt 0
        printf '%s\\n' $found
    else
        __fish_complete_path "$current"
    end
end
complete -c vault -f -a '(__vault_complete)'
complete -c vaultrun -f -a '(__vault_complete)'
`;

// An empty word does not reach a program that PowerShell starts before 7.3, hence --at.
const POWERSHELL = `# vault, in PowerShell: vault completion powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName vault, vaultrun -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $typed = @($commandAst.CommandElements | Where-Object { $_.Extent.EndOffset -lt $cursorPosition -or $_.Extent.Text -ne $wordToComplete } | ForEach-Object { $_.Extent.Text })
    $program = $typed[0]
    $before = @($typed | Select-Object -Skip 1)
    & $program completion --at $before.Count '--' @before $wordToComplete 2>$null | ForEach-Object {
        [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
    }
}
`;

export const COMPLETION_SCRIPTS: Readonly<Record<Shell, string>> = { bash: BASH, fish: FISH, powershell: POWERSHELL, zsh: ZSH };
