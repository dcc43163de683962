#!/bin/sh
# The pictures of the window that README and guide show, in light and dark, in build/pictures.
set -eu
cd "$(dirname "$0")/.."

sample=resources/samples/acme-prod.json
organization=resources/samples/acme-organization
out=build/pictures
# Elena has AdministratorAccess, and a permissions boundary: may she create a user?
leader=arn:aws:iam::111122223333:user/engineering/elena.petrov
# Nora may read the payroll from the office, with MFA: who else can, and what else can she?
reader=arn:aws:iam::111122223333:user/finance/nora.lindqvist
# Any repository of GitHub gets in here, and on from there.
workflow=arn:aws:iam::111122223333:role/ci/GitHubActionsLegacy

iamdesk() { .venv/bin/iamdesk "$@"; }

picture() { # NAME PATH OPTION …
    name=$1
    shift
    for theme in light dark; do
        QT_QPA_PLATFORM=offscreen iamdesk "$@" --screenshot "$out/$name-$theme.png" --theme "$theme"
    done
}

# A review of the account, begun: one line is kept, one revoked, one to be modified.
review() {
    cp "$sample" "$out/acme-prod.json"
    rm -f "$out/q3.iamreview"
    iamdesk review new "$out/acme-prod.json" -o "$out/q3.iamreview" --title "Access review, third quarter" \
        --period-start 2026-07-01 --period-end 2026-09-30
    decide keep "group Administrators: managed policy AdministratorAccess" "The platform team runs the account."
    decide revoke "group AllStaff: managed policy IAMUserChangePassword" "People sign in at the identity provider."
    decide modify "group DataScience: managed policy AnalystSandbox" "To be bound to the sandbox's Region."
}

decide() { # DECISION LINE REASON
    line=$(iamdesk review entitlements "$out/q3.iamreview" | awk -v line="$2" 'index($0, line) { print $1; exit }')
    iamdesk review decide "$out/q3.iamreview" --reviewer "Ada Okoro" --decision "$1" --entitlement "$line" --reason "$3"
}

mkdir -p "$out"
review
picture window "$sample" --select "$leader" \
    --ask "$leader" iam:CreateUser arn:aws:iam::111122223333:user/engineering/new.hire
picture who-can "$sample" --page who-can --ask "$reader" s3:GetObject arn:aws:s3:::acme-payroll/2026/09.csv
picture access "$sample" --page access --select "$reader"
picture everybody "$sample" --page access-matrix
picture findings "$sample" --page findings
picture ways "$sample" --page attack-paths --select "$workflow"
picture review "$out/q3.iamreview" --page review
picture workspace "$organization" --select 444455556666
picture captured "$organization" --page captured
