"""The functions of ``remediation.sh``, for a POSIX shell: what is the same in every script."""

HELPERS = r"""# It can be run again: what is gone already is passed over, and what fails does not stop the rest.
# The text of an inline policy is kept before it is deleted, in the folder $KEEP (remediation-kept beside you).
# What denies something is left alone, for without it more may be allowed: look at it, then run the script once more
# with WIDEN=yes, when everything else has been taken away.
keep=${KEEP:-remediation-kept}
did=0 gone=0 failed=0 left=0

says_gone() {
    case $1 in
    *"(NoSuchEntity)"* | *"(ResourceNotFoundException)"*) return 0 ;;
    esac
    return 1
}

is_ours() {
    [ "${APPLY:-no}" = yes ] && [ "$account" = "$1" ]
}

told() { # HOW MESSAGE WORDS…
    printf '%s:' "$1"
    shift
    message=$1
    shift
    printf ' %s' "$@"
    printf '%s\n' "${message:+ ($message)}"
}

take_away() { # ACCOUNT WORDS…
    if ! is_ours "$1"; then
        in_account "$@"
        return
    fi
    shift
    if answer=$("$@" 2>&1); then
        did=$((did + 1))
        told 'done' "$answer" "$@"
    elif says_gone "$answer"; then
        gone=$((gone + 1))
        told 'gone already' '' "$@"
    else
        failed=$((failed + 1))
        told 'failed' "$answer" "$@" >&2
    fi
}

denies() { # WORDS… that print a policy: whether it denies; fails where that cannot be told
    if ! text=$("$@" --output json 2>/dev/null); then
        text=''
        says_gone "$("$@" --output json 2>&1 >/dev/null)" && return 1 || return 2
    fi
    case $(printf %s "$text" | tr -d ' \t\r\n') in
    *'"Effect":"Deny"'*) return 0 ;;
    esac
    return 1
}

managed_denies() { # ARN
    set -- "$1" aws iam get-policy --policy-arn "$1" --query Policy.DefaultVersionId --output text
    arn=$1
    shift
    if ! version=$("$@" 2>/dev/null); then
        says_gone "$("$@" 2>&1 >/dev/null)" && return 1 || return 2
    fi
    denies aws iam get-policy-version --policy-arn "$arn" --version-id "$version" --query PolicyVersion.Document
}

group_denies() { # NAME
    group=$1
    set -- aws iam list-group-policies --group-name "$group" --query 'PolicyNames[]' --output text
    if ! names=$("$@" 2>/dev/null); then
        says_gone "$("$@" 2>&1 >/dev/null)" && return 1 || return 2
    fi
    for one in $names; do
        said=0
        denies aws iam get-group-policy --group-name "$group" --policy-name "$one" --query PolicyDocument || said=$?
        [ "$said" = 1 ] || return "$said"
    done
    names=$(aws iam list-attached-group-policies --group-name "$group" \
        --query 'AttachedPolicies[].PolicyArn' --output text 2>/dev/null) || return 2
    for one in $names; do
        said=0
        managed_denies "$one" || said=$?
        [ "$said" = 1 ] || return "$said"
    done
    return 1
}

may_go() { # HOW WORDS…: whether it goes, by what denies said of it
    how=$1
    shift
    if [ "$how" = 1 ] || { [ "$how" = 0 ] && [ "${WIDEN:-no}" = yes ] && [ "$failed" = 0 ]; }; then
        return 0
    elif [ "$how" = 0 ]; then
        left=$((left + 1))
        told 'left, it denies something' '' "$@"
    else
        failed=$((failed + 1))
        told 'failed, what it denies cannot be looked up' '' "$@" >&2
    fi
    return 1
}

take_managed() { # ACCOUNT ARN WORDS…
    wanted=$1 arn=$2 how=0
    shift 2
    if is_ours "$wanted"; then
        managed_denies "$arn" || how=$?
        may_go "$how" "$@" || return 0
    fi
    take_away "$wanted" "$@"
}

take_membership() { # ACCOUNT GROUP WORDS…
    wanted=$1 group=$2 how=0
    shift 2
    if is_ours "$wanted"; then
        group_denies "$group" || how=$?
        may_go "$how" "$@" || return 0
    fi
    take_away "$wanted" "$@"
}

take_inline() { # ACCOUNT KIND NAME POLICY
    wanted=$1 kind=$2 name=$3 policy=$4 how=0
    set -- aws iam "delete-$kind-policy" "--$kind-name" "$name" --policy-name "$policy"
    if is_ours "$wanted"; then
        denies aws iam "get-$kind-policy" "--$kind-name" "$name" --policy-name "$policy" \
            --query PolicyDocument || how=$?
        may_go "$how" "$@" || return 0
        if [ -n "$text" ]; then
            number=1
            while [ -e "$keep/$wanted-$kind-$name-$policy.$number.json" ]; do
                number=$((number + 1))
            done
            file="$keep/$wanted-$kind-$name-$policy.$number.json"
            if ! { mkdir -p "$keep" && printf '%s\n' "$text" >"$file"; }; then
                failed=$((failed + 1))
                told 'failed, its text cannot be kept' '' "$@" >&2
                return 0
            fi
            told 'its text is kept, to put it back' '' aws iam "put-$kind-policy" "--$kind-name" "$name" \
                --policy-name "$policy" --policy-document "file://$file"
        fi
    fi
    take_away "$wanted" "$@"
}
"""
END = r"""if [ "${APPLY:-no}" = yes ]; then
    printf '%s done, %s gone already, %s left because they deny, %s failed\n' "$did" "$gone" "$left" "$failed"
fi
[ "$failed" = 0 ]
"""
