# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion for cloister(1): install as /usr/share/bash-completion/completions/cloister

_cloister() {
	local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}

	COMPREPLY=()
	case $previous in
	--policy | --policy-key | --cacert | statement | explain-log)
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		return
		;;
	--save | --evidence | --cache)
		mapfile -t COMPREPLY < <(compgen -d -- "$word")
		return
		;;
	--pin | --timeout)
		return
		;;
	esac
	if [ "$COMP_CWORD" -eq 1 ]; then
		mapfile -t COMPREPLY < <(compgen -W "verify statement explain-log help --help --version" -- "$word")
	elif [ "${COMP_WORDS[1]}" = verify ]; then
		mapfile -t COMPREPLY < <(compgen -W "--policy --policy-key --any-tpm --json --save --evidence --cache --no-cache --pin --cacert --timeout" -- "$word")
	fi
}
complete -o filenames -F _cloister cloister
