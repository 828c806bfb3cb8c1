/**
 * What a shell runs when the tab key is pressed: it asks `regctl __complete -- WORDS`, the last of which is being
 * typed, and shows what comes back. Pure.
 */

export const shells = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof shells)[number];

/** bash takes a colon for the end of a word: what stands before it in the typed word is taken off again. */
const bash = `# bash completion of regctl
_regctl() {
  local line=\${COMP_LINE:0:COMP_POINT} words current reply text ahead
  local IFS=$' \\t\\n'
  set -f; words=($line); set +f
  case $line in *[[:space:]]) words+=("") ;; esac
  current=\${words[\${#words[@]}-1]}
  reply=$("\${words[0]}" __complete -- "\${words[@]:1}" 2>/dev/null) || return
  COMPREPLY=()
  if [[ $reply == :files ]]; then
    compopt -o default 2>/dev/null
    return
  fi
  ahead=
  [[ $COMP_WORDBREAKS == *:* && $current == *:* ]] && ahead=\${current%"\${current##*:}"}
  [[ $COMP_WORDBREAKS == *=* && $current == --*=* && -z $ahead ]] && ahead=\${current%%=*}=
  while IFS= read -r text; do
    text=\${text%%$'\\t'*}
    [[ -z $text ]] && continue
    [[ $text == *[:/] ]] && compopt -o nospace 2>/dev/null
    COMPREPLY+=("\${text#"$ahead"}")
  done <<<"$reply"
}
complete -F _regctl regctl docker-regctl
`;

const zsh = `#compdef regctl docker-regctl
_regctl() {
  local -a reply words_of open described
  local line text
  words_of=("\${(@)words[2,CURRENT]}")
  reply=("\${(@f)$("\${words[1]}" __complete -- "\${(@)words_of}" 2>/dev/null)}")
  if [[ \${reply[1]} == :files ]]; then
    _files
    return
  fi
  for line in "\${(@)reply}"; do
    [[ -z $line ]] && continue
    text=\${line%%$'\\t'*}
    if [[ $text == *[:/] ]]; then
      open+=("$text")
    elif [[ $line == *$'\\t'* ]]; then
      described+=("\${text//:/\\\\:}:\${line#*$'\\t'}")
    else
      described+=("\${text//:/\\\\:}")
    fi
  done
  (( \${#open} )) && compadd -S '' -- "\${(@)open}"
  (( \${#described} )) && _describe 'regctl' described
}
if [[ \${funcstack[1]} == _regctl ]]; then
  _regctl "$@"
else
  compdef _regctl regctl docker-regctl
fi
`;

const fish = `# fish completion of regctl
function __regctl_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l reply ($words[1] __complete -- $words[2..-1] 2>/dev/null)
    if test "$reply[1]" = ":files"
        __fish_complete_path (commandline -ct)
    else
        printf '%s\\n' $reply
    end
end
complete -c regctl -f -a '(__regctl_complete)'
complete -c docker-regctl -f -a '(__regctl_complete)'
`;

const scripts: Readonly<Record<Shell, string>> = { bash, zsh, fish };

export function completionScript(shell: Shell): string {
  return scripts[shell];
}
