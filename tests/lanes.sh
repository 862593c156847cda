# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# lanes.sh - run suites, three at a time, and show how far they are
#
# Sourced by tests/check, whose suites are functions suite_NAME, and which gives $out, $python and $silent_limit. A suite
# runs in the background with its output in $out/log/NAME.log. Of the suites given to run_lanes one lane takes the next
# from the front and the others from the back, at a lower priority, until they meet: so those that mostly wait belong
# in front, those that compute at the end. Even these wait, for a program in an emulated machine: a third lane has what
# two processors would be idle in otherwise.
#
# A suite that wants another try for some of its tests calls try_again_alone. When no lane has work any more it
# runs once more, with $again set, and with the machine to itself. Its line is printed after that.
#
# Adds up $passed, $failed, $skipped and $alone.
passed=0 failed=0 skipped=0 alone=0
again=                    # set: this is a suite's second run
lanes=(front back rear)
declare -A in_lane=()     # suite by lane
declare -A group=()       # process group by suite, while it runs
declare -A began=()       # when its run began, in $SECONDS
declare -A minutes=()     # how many of them were told
declare -A took=()        # nanoseconds in all its runs
declare -A used=()        # seconds of processor time in all its runs
second_tries=()           # suites that asked for one

# try_again_alone - called by a suite
try_again_alone() {
	[ -n "$again" ] || touch "$out/log/$1.again"
}

# begin_suite NAME LANE - its processes are a group of their own (set -m)
begin_suite() {
	local suite=$1 lane=$2 log=$out/log/$1.log

	if [ -z "$again" ]; then
		rm -f "$out/results/$suite.xml" "$out/results/$suite"-*.xml "$out/log/$suite".*
		: >"$log"
		took[$suite]=0 used[$suite]=0
	elif [ "$(cat "$out/log/$suite.status")" = 0 ]; then
		rm "$out/log/$suite.status" # the second run must end, and well, too
	fi
	rm -f "$out/log/$suite.times"
	touch "$log" # it is silent from now on
	in_lane[$lane]=$suite began[$suite]=$SECONDS minutes[$suite]=0
	took[$suite]=$((took[$suite] - $(date +%s%N)))
	set -m
	{
		[ "$lane" = front ] || renice -n $(($(nice) + 5)) "$BASHPID" >/dev/null
		"suite_$suite"
		echo $? >>"$out/log/$suite.status"
		times >"$out/log/$suite.times"
	} >>"$log" 2>&1 </dev/null &
	group[$suite]=$!
	set +m
}

# end_suite NAME - it has ended: its line, unless part of it is to be tried again
end_suite() {
	local suite=$1

	unset "group[$suite]"
	took[$suite]=$((took[$suite] + $(date +%s%N)))
	used[$suite]=$((used[$suite] + $(processor_seconds "$suite")))
	clear_progress
	if [ -z "$again" ] && [ -e "$out/log/$suite.again" ]; then
		second_tries+=("$suite")
		echo "  $suite: what failed is run once more, alone, at the end"
	else
		report_suite "$suite"
	fi
}

# processor_seconds SUITE - of all its processes that have ended, whole seconds; 0 if it was stopped. It left what bash's times
# says, of which the second line is that of children: "1m2.345s 0m0.678s".
processor_seconds() {
	local said=$out/log/$1.times

	[ -s "$said" ] || printf '0 0 0 0\n%.0s' 1 2 >"$said"
	tr 'ms' '  ' <"$said" | awk 'NR == 2 { print int($1 * 60 + $2 + $3 * 60 + $4) }'
}

# report_suite NAME - add its counts, print its line and what failed or was skipped
report_suite() {
	local suite=$1 status p f s a

	# Of two runs neither may have failed.
	status=$(sort -n "$out/log/$suite.status" 2>/dev/null | tail -n 1)
	: "${status:=255}"
	read -r p f s a <<<"$($python tests/results.py --suite "$suite" --status "$status" "$out")"
	[ -n "$a" ] || p=0 f=1 s=0 a=0 # its results can not be read
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s)) alone=$((alone + a))
	printf '%-14s %5d.%d s %5d s of a processor  %5d passed %3d failed %3d skipped\n' "$suite" \
		$((took[$suite] / 1000000000)) $((took[$suite] / 100000000 % 10)) "${used[$suite]}" "$p" "$f" "$s"
	$python tests/results.py --suite "$suite" --status "$status" --explain "$out"
}

# stop_suites GROUP... - they get a chance to tidy up
stop_suites() {
	local deadline=$((SECONDS + 15)) signal

	for signal in INT TERM KILL; do
		signal_groups "$signal" "$@" || return 0
		while [ "$SECONDS" -lt "$deadline" ]; do
			signal_groups 0 "$@" || return 0
			sleep 0.1
		done
		deadline=$((SECONDS + 2))
	done
}

# signal_groups SIGNAL GROUP... - whether there was any
signal_groups() {
	local signal=$1 any=1 each

	shift
	for each in "$@"; do
		kill "-$signal" -- "-$each" 2>/dev/null && any=0
	done
	return "$any"
}

interrupted() {
	trap '' INT TERM
	printf '\ncheck: interrupted; tidying up\n' >&2
	stop_suites "${group[@]}"
	exit 130
}

clear_progress() {
	[ ! -t 1 ] || printf '\r\033[K'
}

# On a terminal a line that counts seconds and shows the last things said; else one line a minute for each.
show_progress() {
	local lane suite seconds width line=

	width=$((${COLUMNS:-100} / ${#group[@]} - 26))
	[ "$width" -gt 0 ] || width=1
	for lane in "${lanes[@]}"; do
		suite=${in_lane[$lane]:-}
		[ -n "$suite" ] || continue
		seconds=$((SECONDS - began[$suite]))
		if [ -t 1 ]; then
			line+=$(printf '%-14s %5d s  %-*s ' "$suite" "$seconds" "$width" "$(last_said "$suite" "$width")")
		elif [ $((seconds / 60)) -gt "${minutes[$suite]}" ]; then
			minutes[$suite]=$((seconds / 60))
			echo "  $suite: $seconds s: $(last_said "$suite" 100)"
		fi
	done
	[ -z "$line" ] || printf '\r\033[K%s' "${line% }"
}

# last_said SUITE WIDTH
last_said() {
	tail -n 1 "$out/log/$1.log" | tr -d '\r' | cut -c "1-$2"
}

stop_the_silent() {
	local suite log

	for suite in "${!group[@]}"; do
		log=$out/log/$suite.log
		if [ $(($(date +%s) - $(stat -c %Y "$log"))) -gt "$silent_limit" ]; then
			echo "nothing was said for $silent_limit s: stopped" >>"$log"
			stop_suites "${group[$suite]}"
		fi
	done
}

# run_lanes SUITE... - all of them, in three lanes
run_lanes() {
	local queue=("$@") lane

	while :; do
		for lane in "${lanes[@]}"; do
			[ -z "${in_lane[$lane]:-}" ] && [ ${#queue[@]} != 0 ] || continue
			case $lane in
			front)
				begin_suite "${queue[0]}" front
				queue=("${queue[@]:1}")
				;;
			*)
				begin_suite "${queue[-1]}" "$lane"
				unset 'queue[-1]'
				;;
			esac
		done
		[ ${#group[@]} != 0 ] || return 0
		sleep 1 &
		wait -n "${group[@]}" $! 2>/dev/null
		for lane in "${lanes[@]}"; do
			if [ -n "${in_lane[$lane]:-}" ] && ! kill -0 "${group[${in_lane[$lane]}]}" 2>/dev/null; then
				end_suite "${in_lane[$lane]}"
				in_lane[$lane]=
			fi
		done
		[ ${#group[@]} = 0 ] || show_progress
		stop_the_silent
	done
}

# run_second_tries - one after the other, with nothing beside them
run_second_tries() {
	local suite

	again=1
	for suite in "${second_tries[@]}"; do
		run_lanes "$suite"
	done
	again='' second_tries=()
}
