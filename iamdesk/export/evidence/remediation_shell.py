"""The functions of ``remediation.sh``, for a POSIX shell."""

HELPERS = r"""# The script can be run again: it skips entitlements that are already gone, and continues after failures.
# Before an inline policy is deleted, its document is saved to the folder $KEEP (default: remediation-kept).
# Policies with Deny statements are kept, because revoking them can widen access. Review them, and once all other
# entitlements are revoked, run the script again with WIDEN=yes.
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

report() { # STATUS MESSAGE WORDS…
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
        report 'done' "$answer" "$@"
    elif says_gone "$answer"; then
        gone=$((gone + 1))
        report 'already gone' '' "$@"
    else
        failed=$((failed + 1))
        report 'failed' "$answer" "$@" >&2
    fi
}

denies() { # WORDS… that print a policy: 0 if it has a Deny statement, 1 if not, 2 if that is not known
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

may_go() { # STATUS WORDS…: whether to revoke it, by the status of denies
    how=$1
    shift
    if [ "$how" = 1 ] || { [ "$how" = 0 ] && [ "${WIDEN:-no}" = yes ] && [ "$failed" = 0 ]; }; then
        return 0
    elif [ "$how" = 0 ]; then
        left=$((left + 1))
        report 'kept, it has a Deny statement' '' "$@"
    else
        failed=$((failed + 1))
        report 'failed, the policy cannot be read' '' "$@" >&2
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
                report 'failed, its document cannot be saved' '' "$@" >&2
                return 0
            fi
            report 'its document is saved, to restore it' '' aws iam "put-$kind-policy" "--$kind-name" "$name" \
                --policy-name "$policy" --policy-document "file://$file"
        fi
    fi
    take_away "$wanted" "$@"
}
"""
END = r"""if [ "${APPLY:-no}" = yes ]; then
    printf '%s done, %s already gone, %s kept because of Deny statements, %s failed\n' "$did" "$gone" "$left" "$failed"
fi
[ "$failed" = 0 ]
"""
