/*
 * The state machine of a job against a small model of its world: CodePipeline,
 * the disk, an executor, CloudShell. Random lives from a seed; every effect and
 * the end of each life check the promises.
 *
 * LIFE_LIVES and LIFE_SEED change count and seed.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "life.h"
#include "tests/unit/life_answers.h"

#define LIVES		100000
#define STEPS		60
#define TIMEOUT_MS	900000
#define GRACE_MS	10000

enum phase { P_HELLO, P_READY, P_WAIT, P_DONE };

struct process {
	bool		alive, ordered, cleaning, waiting, told;
	bool		asked, known;	/* zygote asked; has answered */
	bool		term, park, kill;
	enum phase	phase;
	struct job_facts facts;
};

struct world {
	uint64_t	rng;
	struct life	life;
	bool		up, over;
	struct life_now	now;
	unsigned	flight;		/* requests under way */
	/* the disk */
	bool		on_disk;
	struct life	disk;
	bool		save_wanted, failed_since, unsaved_report;
	/* CodePipeline */
	bool		claimed, by_other, confirmed, abandoned;
	bool		guessed;	/* ambiguous_claim = run took a claim
					   for ours that was nobody's */
	char		nonce;		/* the valid one; another worker's or
					   our acknowledge uses it up */
	char		sent;		/* nonce of the acknowledge under way */
	int		finals, continued, reports;
	/* executor and CloudShell */
	struct process	p;
	int64_t		due;		/* wall-less deadline of our own, ms */
	int		sandboxes, commands;
	bool		success_reported;
	bool		chaos;		/* faults may happen */
	unsigned	calm;		/* how seldom: 1 to 16 */
	struct life_rules rules;
	enum job_action	action;
};

static const struct token_key key = { .known = true };
static uint64_t seed;
static uint64_t number;
static long totals[16];
enum { T_STEPS, T_CLAIMED, T_DROPPED, T_KILLS, T_CRASHES, T_SUCCESS, T_FAILURE,
	T_CLEANUPS, T_HANDED, T_RESUMED, T_ABANDONED };

#define check(cond) do {						\
	if (!(cond))							\
		fail_msg("seed %llu life %llu: %s (line %d)",		\
		    (unsigned long long)seed,				\
		    (unsigned long long)number,				\
		    #cond, __LINE__);					\
} while (0)

static unsigned
rnd(struct world *w, unsigned n)
{
	w->rng ^= w->rng << 13;
	w->rng ^= w->rng >> 7;
	w->rng ^= w->rng << 17;
	return (unsigned)(w->rng >> 11) % n;
}

static bool
one_in(struct world *w, unsigned n)
{
	return w->chaos && rnd(w, n * w->calm) == 0;
}

static void
copy_record(struct life *to, const struct life *from)
{
	life_free(to);
	*to = *from;
	memset(&to->facts, 0, sizeof(to->facts));
	job_facts_copy(&to->facts, &from->facts);
	to->result.text = xstrdup(from->result.text);
	to->result.external_id = xstrdup(from->result.external_id);
	to->result.continuation = xstrdup(from->result.continuation);
	to->result.variables = json_incref(from->result.variables);
}

static void	carry(struct world *, unsigned);

static void
deliver(struct world *w, const struct life_event *ev)
{
	if (!w->over && w->up)
		carry(w, life_step(&w->life, ev, &w->now));
}

static void
say(struct world *w, enum life_event_type type)
{
	struct life_event ev = { .type = type };

	if (type == EV_START_FAILED || type == EV_FAULT)
		ev.u.text = "model";
	deliver(w, &ev);
}

static void
answer(struct world *w, enum answer which)
{
	deliver(w, answer_event(which));
}

/* --- effects: what must be true before each --- */

static void
effect_ack(struct world *w)
{
	check(w->on_disk && w->disk.state == LIFE_CLAIMING);
	check(!(w->flight & FX_ACKNOWLEDGE));
	w->flight |= FX_ACKNOWLEDGE;
	w->sent = w->life.nonce[0];
}

static void
effect_start(struct world *w)
{
	check(!w->p.alive && !w->p.asked);
	if (w->life.cleaning) {
		check(w->disk.state == LIFE_RESULT && w->disk.cleanup);
		totals[T_CLEANUPS]++;
	} else
		check(w->disk.state == LIFE_OURS);
	memset(&w->p, 0, sizeof(w->p));
	w->p.asked = true;
	w->p.cleaning = w->life.cleaning;
}

static void
effect_recorded(struct world *w)
{
	check(w->p.waiting);
	if (w->p.facts.intent != INTENT_NONE)
		check(w->disk.facts.intent == w->p.facts.intent);
	else
		check(w->failed_since || strcmp(w->disk.facts.sandbox_id,
		    w->p.facts.sandbox_id) == 0);
	w->p.waiting = false;
}

static void
effect_report(struct world *w)
{
	check(w->life.result.outcome != OUTCOME_NONE);
	check(w->life.result.outcome != OUTCOME_STOPPED);
	check(w->confirmed || w->guessed);
	check(!w->p.alive || w->p.cleaning);
	check(w->failed_since || (w->disk.state == LIFE_RESULT &&
	    w->disk.result.outcome == w->life.result.outcome));
	check(!(w->flight & FX_PUT));
	w->flight |= FX_PUT;
	w->reports++;
	if (w->disk.state != LIFE_RESULT ||
	    w->disk.result.outcome != w->life.result.outcome)
		w->unsaved_report = true;
}

static void
effect_kill(struct world *w)
{
	if (w->p.alive && !w->p.kill)
		totals[T_KILLS]++;
	w->p.kill = true;
	if (!w->p.alive && !w->p.known) {	/* dispatch: nobody to kill */
		w->p.asked = false;
		say(w, EV_START_FAILED);
	}
}

static void	land_report(struct world *);

/* Requests that were given up may have landed all the same. */
static void
effect_cancel(struct world *w)
{
	if (w->flight & FX_ACKNOWLEDGE && !w->claimed && !w->by_other)
		w->claimed = rnd(w, 2) == 0;
	if (w->flight & FX_PUT && rnd(w, 2) == 0)
		land_report(w);
	w->flight = 0;
}

static void
carry(struct world *w, unsigned fx)
{
	if (fx & FX_SAVE)
		w->save_wanted = true;
	if (fx & FX_ACKNOWLEDGE)
		effect_ack(w);
	if (fx & FX_DETAILS) {
		check(!(w->flight & FX_DETAILS) || w->life.want_credentials);
		w->flight |= FX_DETAILS;
	}
	if (fx & FX_START)
		effect_start(w);
	if (fx & FX_ORDER) {
		check(w->p.alive && !w->p.ordered);
		w->p.ordered = true;
		w->p.phase = P_READY;
		job_facts_free(&w->p.facts);
		job_facts_copy(&w->p.facts, &w->life.facts);
	}
	if (fx & FX_RECORDED)
		effect_recorded(w);
	if (fx & FX_WRITE_PARK)
		w->p.park = true;
	if (fx & FX_STOP)
		w->p.term = true;
	if (fx & FX_KILL)
		effect_kill(w);
	if (fx & FX_CANCEL)
		effect_cancel(w);
	if (fx & FX_PUT)
		effect_report(w);
	if (fx & FX_FORGET) {
		w->over = true;
		check(w->life.state == LIFE_DONE ||
		    w->life.state == LIFE_DROPPED);
	}
}

/* --- the world answers --- */

static void
commit(struct world *w)
{
	w->save_wanted = false;
	if (one_in(w, 12)) {
		w->failed_since = true;
		say(w, EV_SAVE_FAILED);
		return;
	}
	copy_record(&w->disk, &w->life);
	w->on_disk = true;
	w->failed_since = false;
	say(w, EV_SAVED);
}

static void
answer_ack(struct world *w)
{
	unsigned how = w->chaos ? rnd(w, 8 + 2 * w->calm) : 9;
	bool first = !w->claimed && !w->by_other && w->sent == w->nonce;

	w->flight &= ~FX_ACKNOWLEDGE;
	if (how == 0) {
		answer(w, ACK_AGAIN);
	} else if (how <= 2) {
		if (first && rnd(w, 2) == 0)
			w->claimed = true;
		answer(w, ACK_UNSURE);
	} else if (how == 3 && first && !(w->rules.run_ambiguous &&
	    w->life.ack_unsure)) {
		w->by_other = true;
		answer(w, ACK_NONCE);
	} else if (!first) {
		if (w->claimed && w->rules.run_ambiguous)
			w->confirmed = true;
		/* a restart lost the nonce of the second offer */
		if (w->life.ack_unsure && w->rules.run_ambiguous &&
		    w->sent == w->life.nonce[0])
			w->guessed = !w->claimed;
		answer(w, ACK_NONCE);
	} else if (how == 4 && !w->rules.run_ambiguous) {
		w->by_other = true;
		answer(w, ACK_REFUSED);
	} else {
		w->claimed = w->confirmed = true;
		answer(w, ACK_TAKEN);
	}
}

static void
answer_details(struct world *w)
{
	w->flight &= ~FX_DETAILS;
	if (one_in(w, 4))
		answer(w, DETAILS_AGAIN);
	else if (one_in(w, 20))
		answer(w, DETAILS_REFUSED);
	else
		answer(w, DETAILS);
}

static bool
report_open(const struct world *w)
{
	return w->claimed && w->finals == 0 && w->continued == 0 &&
	    !w->abandoned;
}

static void
land_report(struct world *w)
{
	if (!report_open(w))
		return;
	if (w->life.result.outcome == OUTCOME_CONTINUE) {
		w->continued++;
		totals[T_HANDED]++;
		return;
	}
	w->finals++;
	w->success_reported = w->life.result.outcome == OUTCOME_SUCCESS;
	totals[w->success_reported ? T_SUCCESS : T_FAILURE]++;
}

static void
answer_report(struct world *w)
{
	unsigned how = w->chaos ? rnd(w, 8 + 2 * w->calm) : 9;
	bool open = report_open(w);

	w->flight &= ~FX_PUT;
	if (how == 0) {
		answer(w, PUT_AGAIN);
		return;
	}
	/* even a bare success or hand-back may be refused; a bare failure is
	 * only its text */
	if (how == 1 && open && (!w->life.bare ||
	    w->life.result.outcome != OUTCOME_FAILURE)) {
		answer(w, PUT_INVALID);
		return;
	}
	if (how == 2 && open) {
		w->abandoned = true;
		totals[T_ABANDONED]++;
		open = false;
	}
	if (how <= 4 && how >= 3 && rnd(w, 2) == 0) {
		answer(w, PUT_UNSURE);
		return;
	}
	if (!open) {
		answer(w, PUT_REFUSED);
		return;
	}
	land_report(w);
	answer(w, how <= 4 && how >= 3 ? PUT_UNSURE : PUT_TAKEN);
}

/* --- the executor --- */

static void
process_exit(struct world *w, bool signaled, int status)
{
	struct life_event ev = { .type = EV_EXIT };

	w->p.alive = w->p.asked = false;
	job_facts_free(&w->p.facts);
	ev.u.exit.signaled = signaled;
	ev.u.exit.status = status;
	deliver(w, &ev);
}

static void
note(struct world *w)
{
	struct life_event ev = { .type = EV_NOTED, .u.facts = &w->p.facts };

	w->p.waiting = true;
	deliver(w, &ev);
}

static void
tell(struct world *w, enum job_outcome outcome, bool ended)
{
	struct job_result r = { .outcome = outcome, .kind = FAIL_JOB,
	    .sandbox_ended = ended };
	struct life_event ev = { .type = EV_RESULT, .u.result = &r };

	if (outcome == OUTCOME_FAILURE || outcome == OUTCOME_STOPPED)
		r.text = (char *)(uintptr_t)"model";
	w->p.told = true;
	w->p.phase = P_DONE;
	deliver(w, &ev);
}

static void
clean_up(struct world *w)
{
	if (one_in(w, 3)) {
		tell(w, OUTCOME_FAILURE, false);
		return;
	}
	if (w->action == ACTION_START)
		w->sandboxes = 0;
	tell(w, OUTCOME_SUCCESS, false);
}

static void
work_start(struct world *w)
{
	struct job_facts *f = &w->p.facts;

	if (f->sandbox_id[0] == '\0' && f->intent == INTENT_NONE) {
		f->intent = INTENT_SANDBOX;
		free(f->sandbox_name);
		f->sandbox_name = xstrdup("x [01234567]");
		note(w);
	} else if (f->sandbox_id[0] == '\0') {
		if (w->sandboxes == 0)
			w->sandboxes++;		/* or adopted */
		f->intent = INTENT_NONE;
		f->sandbox_ours = true;
		strlcpy(f->sandbox_id, "sandbox-1", sizeof(f->sandbox_id));
		if (!one_in(w, 15))
			note(w);
		else
			process_exit(w, true, SIGKILL);
	} else if (one_in(w, 4)) {
		bool ended = rnd(w, 2) == 0;

		if (ended)
			w->sandboxes = 0;
		tell(w, OUTCOME_FAILURE, ended);
	} else
		tell(w, OUTCOME_SUCCESS, false);
}

static void
work_run(struct world *w)
{
	struct job_facts *f = &w->p.facts;

	if (f->execution_id[0] != '\0') {
		tell(w, one_in(w, 3) ? OUTCOME_FAILURE : OUTCOME_SUCCESS,
		    false);
	} else if (f->intent == INTENT_NONE) {
		f->intent = INTENT_COMMAND;
		w->p.told = false;
		w->p.phase = P_WAIT;	/* announced in this very process */
		note(w);
	} else if (w->p.phase == P_WAIT) {
		w->commands++;
		f->intent = INTENT_NONE;
		strlcpy(f->sandbox_id, "sandbox-2", sizeof(f->sandbox_id));
		strlcpy(f->execution_id, "exec-1", sizeof(f->execution_id));
		w->p.phase = P_READY;
		if (!one_in(w, 15))
			note(w);
		else
			process_exit(w, true, SIGSEGV);
	} else
		tell(w, OUTCOME_FAILURE, false);	/* may have run */
}

static void
obey(struct world *w)
{
	bool ended = rnd(w, 2) == 0;

	if (w->p.park) {
		process_exit(w, false, IPC_EXIT_PARKED);
		return;
	}
	if (ended)
		w->sandboxes = 0;
	if (w->action == ACTION_START && w->p.facts.sandbox_id[0] != '\0')
		w->p.facts.intent = INTENT_NONE;
	tell(w, OUTCOME_STOPPED, ended);
}

static void
process_step(struct world *w)
{
	struct process *p = &w->p;

	if (p->kill) {
		process_exit(w, true, SIGKILL);
	} else if (one_in(w, 40)) {
		process_exit(w, true, rnd(w, 2) ? SIGSEGV : SIGKILL);
	} else if (p->phase == P_HELLO) {
		if (one_in(w, 30))
			return;		/* says nothing for now */
		p->known = true;
		say(w, EV_HELLO);
	} else if (p->ordered && p->phase == P_READY &&
	    p->facts.intent == INTENT_NONE && one_in(w, 60)) {
		process_exit(w, false, IPC_EXIT_PARKED);	/* by itself */
	} else if (!p->ordered) {
		return;
	} else if (p->phase == P_DONE) {
		if (!one_in(w, 10))
			process_exit(w, false, IPC_EXIT_OK);
	} else if (p->waiting || one_in(w, 5)) {
		return;			/* waits, or hangs for a while */
	} else if (one_in(w, 40)) {
		say(w, EV_FAULT);
	} else if (one_in(w, 30) && !p->cleaning) {
		say(w, EV_NEED_CREDENTIALS);
	} else if (p->cleaning) {
		clean_up(w);
	} else if (p->term || p->park) {
		if (!one_in(w, 3))
			obey(w);
	} else if (w->action == ACTION_START) {
		work_start(w);
	} else
		work_run(w);
}

static void
answer_start(struct world *w)
{
	if (one_in(w, 10)) {
		w->p.asked = false;
		say(w, EV_START_FAILED);
		return;
	}
	w->p.alive = w->p.known = true;
	w->p.asked = false;
}

/* --- time, crashes --- */

static void
advance(struct world *w)
{
	int64_t wake = w->life.wake_ms, ms = w->now.ms + rnd(w, 2000);

	if (wake != 0 && (wake < w->now.ms + 70000 || rnd(w, 12) == 0 ||
	    !w->chaos))
		ms = wake > w->now.ms ? wake : w->now.ms;
	else if (one_in(w, 10))
		ms += TIMEOUT_MS / 2;
	if (wake != 0 && ms > wake)	/* timers fire when due */
		ms = wake > w->now.ms ? wake : w->now.ms;
	w->now.wall += (ms - w->now.ms + 500) / 1000;
	w->now.ms = ms;
	if (wake != 0 && ms >= wake)
		say(w, EV_TIMER);
	if (w->p.alive && w->p.ordered && !w->p.cleaning && w->due != 0 &&
	    w->now.ms > w->due + GRACE_MS + 1)
		check(w->p.kill || w->p.told || w->life.state != LIFE_OURS);
}

static void
restart(struct world *w)
{
	struct life loaded;

	w->p.alive = w->p.asked = false;
	job_facts_free(&w->p.facts);
	memset(&w->p, 0, sizeof(w->p));
	w->flight = 0;
	w->save_wanted = false;
	totals[T_CRASHES]++;
	/* An answer that never reached the disk: the ambiguous acknowledge of
	 * aws-contract 2.3, which a setting decides. */
	if (w->disk.state == LIFE_CLAIMING)
		w->confirmed = false;
	if (!w->on_disk || w->disk.state == LIFE_DONE ||
	    w->disk.state == LIFE_DROPPED) {
		w->over = true;
		return;
	}
	memset(&loaded, 0, sizeof(loaded));
	copy_record(&loaded, &w->disk);
	life_free(&w->life);
	w->life = loaded;
	/* only the record survives */
	memset((char *)&w->life + offsetof(struct life, rules), 0,
	    sizeof(w->life) - offsetof(struct life, rules));
	w->life.rules = w->rules;
	totals[T_RESUMED]++;
	say(w, EV_RESUME);
	w->due = w->life.deadline_ms;
}

static void
shut_down(struct world *w)
{
	say(w, EV_DRAIN);
	say(w, EV_PARK);
	for (int i = 0; i < 30 && !w->over && !life_at_rest(&w->life); i++) {
		if (w->save_wanted)
			commit(w);
		else if (w->p.alive)
			process_step(w);
		else if (w->flight & FX_PUT)
			answer_report(w);
		else
			break;
	}
	if (!w->over)
		restart(w);
}

static void
step(struct world *w)
{
	unsigned pick = rnd(w, 16);

	totals[T_STEPS]++;
	if (w->due == 0 && w->life.state == LIFE_OURS)
		w->due = w->now.ms + TIMEOUT_MS;
	if (one_in(w, 60)) {
		restart(w);
	} else if (one_in(w, 80)) {
		shut_down(w);
	} else if (one_in(w, 60)) {
		say(w, EV_CANCEL);
	} else if (one_in(w, 200)) {	/* somebody sets the clock */
		w->now.wall += 3 * 86400;
	} else if (one_in(w, 60) && !w->claimed) {
		char nonce[2] = { (char)('2' + rnd(w, 7)), '\0' };
		struct life_event ev = { .type = EV_OFFERED_AGAIN,
		    .u.nonce = nonce };

		if (!w->by_other)
			w->nonce = nonce[0];
		deliver(w, &ev);
	} else if (w->save_wanted && pick < 8) {
		commit(w);
	} else if (w->flight & FX_ACKNOWLEDGE && pick < 10) {
		answer_ack(w);
	} else if (w->flight & FX_DETAILS && pick < 10) {
		answer_details(w);
	} else if (w->flight & FX_PUT && pick < 10) {
		answer_report(w);
	} else if (w->p.asked && pick < 10) {
		answer_start(w);
	} else if (w->p.alive && pick < 12) {
		process_step(w);
	} else
		advance(w);
}

static void
live(struct world *w)
{
	struct job_data data = { .id = "01234567-89ab-cdef-0123-456789abcdef",
	    .nonce = "1", .version = "10", .pipeline = "P" };
	int i;

	w->rng = seed + number * 0x9e3779b97f4a7c15ULL + 1;
	w->chaos = true;
	w->calm = 1u << rnd(w, 5);
	w->up = true;
	w->nonce = '1';
	w->now.ms = 1000;
	w->now.wall = 1795435200;
	w->action = rnd(w, 2) ? ACTION_START : ACTION_RUN;
	w->rules = (struct life_rules){ .timeout_ms = TIMEOUT_MS,
	    .kill_grace_ms = GRACE_MS, .run_ambiguous = rnd(w, 4) == 0,
	    .hand_back = rnd(w, 2) == 0, .key = &key };
	life_new(&w->life, &(struct offer){ w->action, &data }, &w->rules,
	    &w->now);
	say(w, EV_OFFERED);
	for (i = 0; i < STEPS && !w->over; i++)
		step(w);
	w->chaos = false;	/* from here on everything works */
	for (i = 0; i < 2000 && !w->over; i++)
		step(w);
	check(w->over);
}

static void
judge(struct world *w)
{
	check(w->finals + w->continued <= 1);
	check(w->commands <= 1);
	if (!w->claimed) {
		check(w->reports == 0 || w->guessed);
		totals[T_DROPPED]++;
		return;
	}
	totals[T_CLAIMED]++;
	if (w->confirmed && !w->abandoned)
		check(w->finals + w->continued == 1);
	/* Refused after an unanswered attempt counts as landed: if the action
	 * was abandoned in between, or a full disk and a crash hid an earlier
	 * report, the sandbox lives to its end time. So it does when a life
	 * that went through a restart is refused: better than to end one that
	 * the pipeline uses. */
	if (w->action == ACTION_START && !w->success_reported &&
	    w->continued == 0 && !((w->abandoned || w->unsaved_report) &&
	    (w->life.put_unsure || w->life.resumed)))
		check(w->sandboxes == 0 ||
		    w->life.cleanups >= LIFE_CLEANUP_TRIES);
}

static void
test_random_lives(void **state)
{
	const char *n = getenv("LIFE_LIVES"), *s = getenv("LIFE_SEED");
	uint64_t lives = n != NULL ? strtoull(n, NULL, 10) : LIVES;

	(void)state;
	seed = s != NULL ? strtoull(s, NULL, 10) : 20261123;
	for (number = 0; number < lives; number++) {
		struct world w;

		memset(&w, 0, sizeof(w));
		live(&w);
		judge(&w);
		life_free(&w.life);
		life_free(&w.disk);
		job_facts_free(&w.p.facts);
	}
	printf("# seed %llu: %llu lives, %ld steps, %ld claimed, %ld dropped, "
	    "%ld restarts, %ld resumed, %ld kills, %ld succeeded, %ld failed, "
	    "%ld clean-ups, %ld handed back, %ld abandoned\n",
	    (unsigned long long)seed, (unsigned long long)lives,
	    totals[T_STEPS], totals[T_CLAIMED], totals[T_DROPPED],
	    totals[T_CRASHES], totals[T_RESUMED], totals[T_KILLS],
	    totals[T_SUCCESS], totals[T_FAILURE], totals[T_CLEANUPS],
	    totals[T_HANDED], totals[T_ABANDONED]);
	/* the model must reach every corner; otherwise it proves nothing */
	if (lives >= LIVES)
		for (int i = T_STEPS; i <= T_ABANDONED; i++)
			assert_true(totals[i] > 100);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_lives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
