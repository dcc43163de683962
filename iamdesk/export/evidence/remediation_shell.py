"""The functions of ``remediation.sh``, for a POSIX shell."""

HELPERS = r"""# The script can be interrupted and run again: it looks before it acts, skips what is gone, and a failure
# does not stop the rest. Policies with Deny statements are kept, because revoking them can widen access, unless
# WIDEN=yes is set: then they are revoked after all others, if nothing failed. Guardrails are always left to be done
# by hand. What the caller uses is skipped: another administrator has to run the script for it.
# The folder $KEEP (default: remediation-kept) has the documents of deleted inline policies, undo.sh, which restores
# what was revoked, and a log of each run. Record it:  iamdesk review close-out REVIEW LOG --reviewer NAME
keep=${KEEP:-remediation-kept}
did=0 gone=0 failed=0 left=0 hand=0 skipped=0
turn=1 later='' caller=none caller_groups=''

says_gone() {
    case $1 in
    *"(NoSuchEntity)"* | *"(ResourceNotFoundException)"*) return 0 ;;
    esac
    return 1
}

flat() { # TEXT: it in one line, without tabs
    printf %s "$1" | tr '\t\r\n' '   '
}

start() {
    [ "${APPLY:-no}" = yes ] || return 0
    umask 077
    moment=$(date -u +%Y%m%dT%H%M%SZ)
    log="$keep/remediation-$moment.log" number=1
    while [ -e "$log" ]; do
        number=$((number + 1))
        log="$keep/remediation-$moment.$number.log"
    done
    if ! { mkdir -p "$keep" && : >"$log"; }; then
        printf 'nothing is revoked: the folder %s cannot be written\n' "$keep" >&2
        exit 1
    fi
    caller=$(aws sts get-caller-identity --query Arn --output text)
    case $caller in
    *:user/*)
        caller_groups=$(aws iam list-groups-for-user --user-name "${caller##*/}" --query 'Groups[].GroupName' \
            --output text 2>/dev/null) || caller_groups='?'
        ;;
    esac
}

report() { # OUTCOME WORDS-FOR-IT MESSAGE WORDS…
    outcome=$1 words=$2 message=$3
    shift 3
    printf '%s:' "$words"
    printf ' %s' "$@"
    printf '%s\n' "${message:+ ($message)}"
    [ "${APPLY:-no}" = yes ] || return 0
    if ! printf '%s\t%s\t%s\t%s\t%s\t%s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$review" "$item" "$outcome" \
        "$(flat "$*")" "$(flat "$message")" >>"$log"; then
        printf 'stopped: the log %s cannot be written\n' "$log" >&2
        exit 1
    fi
}

fails() { # WORDS-FOR-IT MESSAGE WORDS…
    failed=$((failed + 1))
    report failed "$@" >&2
}

by_hand() { # ID ACCOUNT WHAT
    [ "$turn" = 1 ] || return 0
    item=$1
    if [ "${APPLY:-no}" != yes ] || [ "$account" = "$2" ]; then
        hand=$((hand + 1))
        report by_hand "by hand, in $2" '' "$3"
    else
        skipped=$((skipped + 1))
    fi
}

is_own() { # whether the caller holds it; 2 if that is not known
    case $kind in
    user) case $caller in *:user/*) [ "${caller##*/}" = "$holder" ] && return 0 ;; esac ;;
    role) case $caller in *":assumed-role/$holder/"*) return 0 ;; esac ;;
    permission-set) case $caller in *":assumed-role/AWSReservedSSO_${holder}_"*) return 0 ;; esac ;;
    group)
        [ "$caller_groups" != '?' ] || return 2
        has "$holder" "$caller_groups" && return 0
        ;;
    esac
    return 1
}

has() { # WORD LIST
    case " $(flat "$2") " in
    *" $1 "*) return 0 ;;
    esac
    return 1
}

is_turn() { # WORDS…: whether to go on with this item now
    if [ "${APPLY:-no}" != yes ]; then
        in_account "$wanted" "$@"
        return 1
    fi
    if [ "$turn" = 2 ]; then
        has "$item" "$later"
        return
    fi
    if [ "$account" != "$wanted" ]; then
        skipped=$((skipped + 1))
        in_account "$wanted" "$@"
        return 1
    fi
    own=0
    is_own || own=$?
    [ "$own" != 1 ] || return 0
    skipped=$((skipped + 1))
    if [ "$own" = 0 ]; then
        report skipped "skipped, the caller $caller uses it" '' "$@"
    else
        report skipped "skipped, the caller $caller may use it: its groups cannot be read" '' "$@"
    fi
    return 1
}

is_there() { # WORDS…: whether $what is in the list $listed, which was read with the status $looked
    if [ "$looked" = 0 ] && has "$what" "$listed"; then
        return 0
    elif [ "$looked" = 0 ] || says_gone "$listed"; then
        is_gone "$@"
    else
        fails 'failed, it cannot be looked up' "$listed" "$@"
    fi
    return 1
}

is_gone() { # WORDS…
    gone=$((gone + 1))
    report gone 'gone already' '' "$@"
}

save_undo() { # put the command of $undo first in undo.sh: the last that is revoked is the first that is restored
    {
        undo_head
        printf 'back %s %s\n' "$wanted" "$undo"
        [ ! -e "$keep/undo.sh" ] || sed '1,/^# ---$/d' "$keep/undo.sh"
    } >"$keep/undo.new" && mv "$keep/undo.new" "$keep/undo.sh"
}

drop_undo() { # nothing was revoked
    {
        undo_head
        sed '1,/^# ---$/d' "$keep/undo.sh" | sed 1d
    } >"$keep/undo.new" && mv "$keep/undo.new" "$keep/undo.sh"
}

undo_head() {
    cat <<'UNDO'
#!/bin/sh
# Restores what remediation.sh revoked, the last first. By default this is a dry run; to do it:  APPLY=yes sh undo.sh
set -eu
cd "$(dirname "$0")"
account=none failed=0
if [ "${APPLY:-no}" = yes ]; then
    account=$(aws sts get-caller-identity --query Account --output text)
fi
trap 'exit "$failed"' EXIT
back() { # ACCOUNT WORDS…
    wanted=$1
    shift
    if [ "${APPLY:-no}" != yes ]; then
        printf 'would run, in %s: %s\n' "$wanted" "$*"
    elif [ "$account" != "$wanted" ]; then
        printf 'skipped, it is for account %s: %s\n' "$wanted" "$*" >&2
    else
        "$@" || failed=1
    fi
}
# ---
UNDO
}

act() { # WORDS…
    if ! save_undo; then
        fails 'failed, the way back cannot be saved' '' "$@"
        return 0
    fi
    if answer=$("$@" 2>&1); then
        did=$((did + 1))
        report 'done' 'done' "$answer" "$@"
        return 0
    fi
    drop_undo
    if says_gone "$answer"; then
        is_gone "$@"
    else
        fails 'failed' "$answer" "$@"
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
    if [ "$how" = 1 ] || { [ "$how" = 0 ] && [ "$turn" = 2 ]; }; then
        return 0
    elif [ "$how" = 0 ]; then
        left=$((left + 1))
        later="$later $item"
        report kept 'kept, it has a Deny statement' '' "$@"
    else
        fails 'failed, the policy cannot be read' '' "$@"
    fi
    return 1
}

take_managed() { # ID ACCOUNT KIND NAME UNDO ARN WORDS…
    item=$1 wanted=$2 kind=$3 holder=$4 undo=$5 what=$6 how=0 looked=0
    shift 6
    is_turn "$@" || return 0
    listed=$(aws iam "list-attached-$kind-policies" "--$kind-name" "$holder" \
        --query 'AttachedPolicies[].PolicyArn' --output text 2>&1) || looked=$?
    is_there "$@" || return 0
    managed_denies "$what" || how=$?
    may_go "$how" "$@" || return 0
    act "$@"
}

take_membership() { # ID ACCOUNT KIND NAME UNDO GROUP WORDS…
    item=$1 wanted=$2 kind=$3 holder=$4 undo=$5 what=$6 how=0 looked=0
    shift 6
    is_turn "$@" || return 0
    listed=$(aws iam list-groups-for-user --user-name "$holder" \
        --query 'Groups[].GroupName' --output text 2>&1) || looked=$?
    is_there "$@" || return 0
    group_denies "$what" || how=$?
    may_go "$how" "$@" || return 0
    act "$@"
}

take_password() { # ID ACCOUNT KIND NAME UNDO WORDS…
    item=$1 wanted=$2 kind=$3 holder=$4 undo=$5 what=$4 looked=0
    shift 5
    is_turn "$@" || return 0
    listed=$(aws iam get-login-profile --user-name "$holder" \
        --query LoginProfile.UserName --output text 2>&1) || looked=$?
    is_there "$@" || return 0
    act "$@"
}

take_assignment() { # ID ACCOUNT KIND NAME UNDO INSTANCE SET PRINCIPAL WORDS…
    item=$1 wanted=$2 kind=$3 holder=$4 undo=$5 instance=$6 set=$7 what=$8 looked=0
    shift 8
    is_turn "$@" || return 0
    listed=$(aws sso-admin list-account-assignments --instance-arn "$instance" --account-id "$wanted" \
        --permission-set-arn "$set" --query 'AccountAssignments[].PrincipalId' --output text 2>&1) || looked=$?
    is_there "$@" || return 0
    act "$@"
}

take_inline() { # ID ACCOUNT KIND NAME UNDO POLICY WORDS…
    item=$1 wanted=$2 kind=$3 holder=$4 undo=$5 what=$6 how=0
    shift 6
    is_turn "$@" || return 0
    denies aws iam "get-$kind-policy" "--$kind-name" "$holder" --policy-name "$what" --query PolicyDocument || how=$?
    if [ "$how" = 1 ] && [ -z "$text" ]; then
        is_gone "$@"
        return 0
    fi
    may_go "$how" "$@" || return 0
    number=1
    while [ -e "$keep/$wanted-$kind-$holder-$what.$number.json" ]; do
        number=$((number + 1))
    done
    file="$wanted-$kind-$holder-$what.$number.json"
    if ! printf '%s\n' "$text" >"$keep/$file"; then
        fails 'failed, its document cannot be saved' '' "$@"
        return 0
    fi
    undo="$undo file://$file"
    act "$@"
}
"""
END = r"""start
items
if [ "${WIDEN:-no}" = yes ] && [ "$failed" = 0 ] && [ -n "$later" ]; then
    turn=2 left=0
    items
fi
if [ "${APPLY:-no}" = yes ]; then
    printf '%s done, %s gone already, %s by hand, %s kept because of Deny statements, %s skipped, %s failed\n' \
        "$did" "$gone" "$hand" "$left" "$skipped" "$failed"
    printf 'log: %s\n' "$log"
fi
[ "$failed" = 0 ]
"""
