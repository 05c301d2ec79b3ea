# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion for cloister(1): install as /usr/share/bash-completion/completions/cloister

_cloister() {
	local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}

	COMPREPLY=()
	case $previous in
	--policy | --policy-key | --guest-policy | --bound | --cacert | --key | --from | --output | --firmware | \
		--kernel | --initrd | --libvirt-xml | statement | show | check | sign | import)
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
		return
		;;
	--save | --evidence | --cache | --roots | --certificates | --crls | --store)
		mapfile -t COMPREPLY < <(compgen -d -- "$word")
		return
		;;
	--pin | --timeout | --name | --host | --nonce | --max-vcpus | --append | --memory)
		return
		;;
	--ovmf)
		mapfile -t COMPREPLY < <(compgen -W "2025.02" -- "$word")
		return
		;;
	--machine)
		mapfile -t COMPREPLY < <(compgen -W "q35 microvm" -- "$word")
		return
		;;
	esac
	if [ "$COMP_CWORD" -eq 1 ]; then
		mapfile -t COMPREPLY < <(compgen -W "verify enrol hosts policy firmware log statement verify-guest
			guest help --help --version" -- "$word")
	elif [ "${COMP_WORDS[1]}" = verify ]; then
		mapfile -t COMPREPLY < <(compgen -W "--policy --policy-key --name --store --any-tpm --json --save
			--evidence --cache --no-cache --pin --cacert --timeout" -- "$word")
	elif [ "${COMP_WORDS[1]}" = verify-guest ] && [[ $word == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "--host --policy --guest-policy --nonce --bound --policy-key --name
			--store --any-tpm --json --cache --no-cache --pin --cacert --timeout" -- "$word")
	elif [ "${COMP_WORDS[1]}" = enrol ]; then
		mapfile -t COMPREPLY < <(compgen -W "--name --roots --certificates --crls --store --replace --json --pin
			--cacert --timeout" -- "$word")
	elif [ "${COMP_WORDS[1]}" = hosts ]; then
		mapfile -t COMPREPLY < <(compgen -W "list show forget --store" -- "$word")
	elif [ "$COMP_CWORD" -eq 2 ]; then
		case ${COMP_WORDS[1]} in
		policy) mapfile -t COMPREPLY < <(compgen -W "new show check sign diff" -- "$word") ;;
		firmware) mapfile -t COMPREPLY < <(compgen -W "learn import diff" -- "$word") ;;
		log) mapfile -t COMPREPLY < <(compgen -W "show" -- "$word") ;;
		guest) mapfile -t COMPREPLY < <(compgen -W "policy measure bind" -- "$word") ;;
		esac
	elif [ "${COMP_WORDS[1]} ${COMP_WORDS[2]}" = "policy new" ]; then
		mapfile -t COMPREPLY < <(compgen -W "--from --output --serial --not-before --not-after --firmware
			--firmware-unchecked --ak-name" -- "$word")
	elif [ "${COMP_WORDS[1]} ${COMP_WORDS[2]}" = "guest measure" ]; then
		mapfile -t COMPREPLY < <(compgen -W "--firmware --kernel --initrd --append --machine --memory
			--mrconfigid --mrowner --mrownerconfig --libvirt-xml --qemu --run-qemu --ovmf --json --name
			--max-vcpus --output" -- "$word")
	elif [ "${COMP_WORDS[1]} ${COMP_WORDS[2]}" = "guest bind" ]; then
		mapfile -t COMPREPLY < <(compgen -W "--firmware --kernel --initrd --append --output" -- "$word")
	elif [ "$COMP_CWORD" -eq 3 ] && [ "${COMP_WORDS[1]}" = guest ]; then
		mapfile -t COMPREPLY < <(compgen -W "new show check diff" -- "$word")
	elif [ "${COMP_WORDS[1]} ${COMP_WORDS[3]}" = "guest new" ]; then
		mapfile -t COMPREPLY < <(compgen -W "--name --mrtd --rtmr0 --rtmr1 --rtmr2 --rtmr3 --mrconfigid
			--mrowner --mrownerconfig --cpuid-sha384 --xfam --max-vcpus --allow-debug
			--allow-lazy-acceptance --allow-removed-pages --output" -- "$word")
	elif [ "${COMP_WORDS[1]} ${COMP_WORDS[2]}" = "firmware learn" ]; then
		mapfile -t COMPREPLY < <(compgen -W "--evidence --model --output --name --store --any-tpm --pin --cacert
			--timeout" -- "$word")
	elif [ "${COMP_WORDS[1]} ${COMP_WORDS[2]}" = "firmware import" ]; then
		mapfile -t COMPREPLY < <(compgen -W "--model --output" -- "$word")
	else
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
	fi
}
complete -o filenames -F _cloister cloister
