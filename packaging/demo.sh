#!/bin/sh
# The window's job without a display: pictures of it, one answered question, and the findings, in build/demo.
set -eu
cd "$(dirname "$0")/.."

sample=resources/samples/acme-prod.json
organization=resources/samples/acme-organization
out=build/demo
# Elena has AdministratorAccess, and a permissions boundary: may she create a user?
principal=arn:aws:iam::111122223333:user/engineering/elena.petrov
action=iam:CreateUser
reader=arn:aws:iam::111122223333:user/finance/nora.lindqvist
resource=arn:aws:iam::111122223333:user/engineering/new.hire

iamdesk() { .venv/bin/iamdesk "$@"; }

mkdir -p "$out"
for theme in light dark; do
    QT_QPA_PLATFORM=offscreen iamdesk "$sample" --screenshot "$out/window-$theme.png" --theme "$theme" \
        --select "$principal" --ask "$principal" "$action" "$resource"
    # Nora may read the payroll from the office, with MFA: who else can, and what else can she?
    QT_QPA_PLATFORM=offscreen iamdesk "$sample" --screenshot "$out/who-can-$theme.png" --theme "$theme" \
        --page who-can --ask "$reader" s3:GetObject arn:aws:s3:::acme-payroll/2026/09.csv
    QT_QPA_PLATFORM=offscreen iamdesk "$sample" --screenshot "$out/access-$theme.png" --theme "$theme" \
        --page access --select "$reader"
    # What meets an account of an organization, and what that snapshot holds.
    QT_QPA_PLATFORM=offscreen iamdesk "$organization" --screenshot "$out/workspace-$theme.png" --theme "$theme" \
        --select 444455556666
    QT_QPA_PLATFORM=offscreen iamdesk "$organization" --screenshot "$out/captured-$theme.png" --theme "$theme" \
        --page captured
done
iamdesk can "$sample" --principal "$principal" --action "$action" --resource "$resource" >"$out/answer.txt"
iamdesk can "$sample" --principal "$principal" --action "$action" --resource "$resource" --format json \
    >"$out/answer.json"
for format in html csv json; do
    iamdesk findings "$sample" --format "$format" --output "$out/findings.$format"
done

echo "The question: can $principal do $action on $resource?"
sed 's/^/    /' "$out/answer.txt" | head -n 2
echo "All of it:"
for file in "$out"/*; do echo "    $file"; done
