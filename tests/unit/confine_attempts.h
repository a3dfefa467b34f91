/*
 * The ways out that test_executor_confine tries, and the scene that each is
 * tried in: a neighbour, files and sockets like those of the worker.
 */
#ifndef CONFINE_ATTEMPTS_H
#define CONFINE_ATTEMPTS_H

#include <sys/types.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Made anew for each attempt. */
struct scene {
	char		 folder[64];	/* of the files below */
	pid_t		 neighbour;	/* another process of the same user;
					   leads a process group */
	pid_t		 hidden;	/* one that is not dumpable */
	int		 ask, answer;	/* pipes to and from the neighbour */
	int		 lock;		/* of "lock", which is locked: a
					   confined process keeps it */
	int		 left;		/* of "left", which it does not keep */
	int		 terminal;	/* a terminal; it keeps that, too */
	int		 control;	/* listens at "control" */
	int		 journal;	/* receives datagrams at "journal" */
	int		 abstract;	/* listens at the address here */
	struct sockaddr_un address;
	socklen_t	 address_len;
};

/* What an attempt could have changed, compared bit by bit. */
struct state {
	struct {
		char	 word[16];	/* in its memory */
		uint64_t files, nice, policy, ioprio;
	} neighbour;			/* zeroes: it is dead */
	uint64_t	 folder;	/* hash of names, modes, times, bytes */
	uint64_t	 connections, datagrams;
	uint64_t	 locked;
};

/* In the memory of neighbours, at the same address as here. */
#define WORD		"unchanged"
extern volatile char confine_word[16];

/* false with errno if it cannot be made. */
bool	scene_make(struct scene *);
void	scene_remove(struct scene *);
void	scene_look(struct scene *, struct state *);
/* The path of a file in the folder; valid until the next call but three. */
const char *scene_path(const struct scene *, const char *name);

enum {
	MARKS = 1,	/* without confinement it changes the state */
	ROOT = 2,	/* which only root can do */
	MAYBE = 4,	/* whether it succeeds without confinement is up to the
			   kernel, its settings and the file system */
	LANDLOCK = 8,	/* only Landlock stops it */
	DIES = 16,	/* expected is the signal that ends the process */
	STDERR = 32,	/* standard error is "left" until it is confined */
	POWERS = 64,	/* as root it is refused even without Landlock, for the
			   neighbour has capabilities */
	HIDDEN = 128,	/* what may not be reached may be invisible, too */
};

struct attempt {
	const char	*name;
	/* 0: it got through; else errno. Runs in a process of its own. */
	int		(*run)(struct scene *);
	int		 expected;
	unsigned	 flags;
};

/* A file that may be read, opened. -1 with errno if the machine has none. */
int	open_readable(void);

/* What a call that returns -1 with errno means. */
int	attempt_result(long rv);

extern const struct attempt attempts_processes[], attempts_files[],
    attempts_sockets[], attempts_kernel[];
extern const size_t nattempts_processes, nattempts_files, nattempts_sockets,
    nattempts_kernel;

#endif
