# bash completion for qualictl

# Names of the profiles in the AWS files.
_qualictl_profiles()
{
	sed -n 's/^[[:space:]]*\[\(profile[[:space:]]\+\)\?\([^][ ]*\)\].*/\2/p' \
	    "${AWS_CONFIG_FILE:-$HOME/.aws/config}" \
	    "${AWS_SHARED_CREDENTIALS_FILE:-$HOME/.aws/credentials}" 2>/dev/null
}

# What help lists: "  command        what it does".
_qualictl_commands()
{
	qualictl help 2>/dev/null |
	    sed -n 's/^  \([a-z]\+\( [a-z]\+\)\?\)  .*/\1/p'
}

_qualictl_options()
{
	qualictl help "$@" 2>/dev/null |
	    sed -n 's/^ *\(-[a-z], *\)\?\(--[a-z-]\+\).*/\2/p' | sort -u
}

_qualictl()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local words=() word i

	COMPREPLY=()
	case $prev in
	-f | --file)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		return ;;
	--profile)
		mapfile -t COMPREPLY < <(compgen -W "$(_qualictl_profiles)" \
		    -- "$cur")
		return ;;
	--format)
		mapfile -t COMPREPLY < <(compgen \
		    -W "json cloudformation terraform" -- "$cur")
		return ;;
	--region | --account | --pipeline | --blueprint)
		return ;;
	esac

	# the words of the command, without options and their arguments
	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		case $word in
		-f | --file | --profile | --region) i=$((i + 1)) ;;
		-*) ;;
		*) words+=("$word") ;;
		esac
	done
	[ "${words[0]}" != help ] || words=("${words[@]:1}")

	case $cur in
	-*)
		mapfile -t COMPREPLY < <(compgen -W "$(_qualictl_options \
		    "${words[@]:0:2}") -f -j -h" -- "$cur")
		return ;;
	esac
	case "${#words[@]} ${words[0]}" in
	0*)
		mapfile -t COMPREPLY < <(compgen -W "help $(_qualictl_commands |
		    cut -d' ' -f1 | sort -u)" -- "$cur") ;;
	1*)
		mapfile -t COMPREPLY < <(compgen -W "$(_qualictl_commands |
		    sed -n "s/^${words[0]} //p")" -- "$cur") ;;
	*" actions")
		mapfile -t COMPREPLY < <(compgen \
		    -W "start-sandbox run-command end-sandbox" -- "$cur")
		if [ "${words[1]}" = validate ]; then
			compopt -o filenames 2>/dev/null
			mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY \
			    < <(compgen -f -- "$cur")
		fi ;;
	esac
}

complete -F _qualictl qualictl
