#!/bin/sh
# The window's job without a display: pictures of it, one answered question, and the findings, in build/demo.
set -eu
cd "$(dirname "$0")/.."

sample=resources/samples/acme-prod.json
out=build/demo
# Elena has AdministratorAccess, and a permissions boundary: may she create a user?
principal=arn:aws:iam::111122223333:user/engineering/elena.petrov
action=iam:CreateUser
resource=arn:aws:iam::111122223333:user/engineering/new.hire

iamdesk() { .venv/bin/iamdesk "$@"; }

mkdir -p "$out"
for theme in light dark; do
    QT_QPA_PLATFORM=offscreen iamdesk "$sample" --screenshot "$out/window-$theme.png" --theme "$theme" \
        --select "$principal" --ask "$principal" "$action" "$resource"
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
