# shellcheck shell=bash
# Sourced by check: reads what Surefire and Failsafe wrote about the tests of some modules.

reports_since() { # STAMP MODULE...: reports of these modules that are newer than a file
    local stamp=$1 module directories=()
    shift
    for module in "$@"; do directories+=("$module"/target/*-reports); done
    find "${directories[@]}" -maxdepth 1 -name 'TEST-*.xml' -newer "$stamp" 2>/dev/null | sort -u
}

count_tests() { # STAMP MODULE...: "passed failed"
    reports_since "$@" | tr '\n' '\0' | xargs -0 -r grep -ho '<testsuite [^>]*' \
        | awk '{
            for (i = 1; i <= NF; i++) if (split($i, f, "\"") > 1) v[f[1]] = f[2]
            tests += v["tests="]; bad += v["failures="] + v["errors="] + v["skipped="]
          } END { printf "%d %d\n", tests - bad, bad }'
}

# Of a level that was ended: it has no report, so that only the log knows what it hung in or was busy with.
tests_under_way() { # LOG
    awk '
        sub(/^\[[A-Z]+\] +Running /, "") { began[$1] = 1 }
        match($0, / -- in [^ ]+$/) { delete began[substr($0, RSTART + 7)] }
        END { for (test in began) print "   under way: " test }' "$1" | sort
}

# What failed, and what it says; a skipped test is one that does not test. The first one is shown with all that it says, within
# reason, because it often explains the others; of those the beginning and the end, with the last lines of a log.
show_failures() { # STAMP MODULE...
    local reports=()
    mapfile -t reports < <(reports_since "$@")
    ((${#reports[@]} == 0)) || awk -v most_of_first=400 -v most=40 -v beginning=12 '
        function attribute(line, name) {
            return match(line, " " name "=\"[^\"]*\"") ? plain(substr(line, RSTART + length(name) + 3, RLENGTH - length(name) - 4)) : ""
        }
        function plain(text) {
            gsub(/&#10;/, " ", text); gsub(/&lt;/, "<", text); gsub(/&gt;/, ">", text); gsub(/&quot;/, "\"", text); gsub(/&amp;/, "\\&", text)
            return text
        }
        # Of a stack only where it comes to our code.
        function add(text) {
            if (text ~ /^\t(at|\.\.\.) /) { if (text !~ /io\.tidemark/ || ++frames > 2) return } else frames = 0
            lines[++count] = substr(text, 1, 400)
        }
        function show(   limit, i) {
            print "   " kind ": " test
            limit = shown++ ? most : most_of_first
            for (i = 1; i <= count; i++) {
                if (count > limit && i == beginning + 1) {
                    print "      ... " count - limit " lines ..."
                    i += count - limit
                }
                print "      " lines[i]
            }
            count = 0; frames = 0; kind = ""
        }
        kind == "" && /<testcase / { test = attribute($0, "classname") "#" attribute($0, "name") }
        kind == "" && match($0, /<(failure|error|skipped)[ >\/]/) {
            kind = substr($0, RSTART + 1, RLENGTH - 2)
            at = index($0, "<![CDATA[")
            if (at == 0) { if (attribute($0, "message") != "") add(attribute($0, "message")); show(); next }
            $0 = substr($0, at + 9)
        }
        kind != "" {
            end = index($0, "]]></" kind ">")
            if (end == 0) { add($0); next }
            if (end > 1) add(substr($0, 1, end - 1))
            show()
        }' "${reports[@]}"
}
