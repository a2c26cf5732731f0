/*
 * What a machine can do at best: FOLDER into the zip OUT, by libdeflate level 6 and THREADS threads, without rules,
 * checks, hash or bounded memory. Prints the seconds that it took. For the bench row `packing` only.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "libdeflate.h"

struct file {
	char *path;
	size_t size, packed_size;
	uint8_t *packed;
	uint32_t crc, offset;
	int deflated;
	atomic_int done;
};

static struct file *files;
static size_t file_count, room;
static atomic_size_t next_file;
static size_t root_length;

static int note(const char *path, const struct stat *stats, int type, struct FTW *ftw)
{
	(void)ftw;
	if (type != FTW_F || !S_ISREG(stats->st_mode))
		return 0;
	if (file_count == room)
		files = realloc(files, (room = room ? 2 * room : 1024) * sizeof *files);
	files[file_count++] = (struct file){ .path = strdup(path), .size = stats->st_size };
	return 0;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct file *)a)->path, ((const struct file *)b)->path);
}

static void *pack(void *unused)
{
	struct libdeflate_compressor *compressor = libdeflate_alloc_compressor(6);
	uint8_t *content = NULL;
	size_t content_room = 0, index;

	(void)unused;
	while ((index = atomic_fetch_add(&next_file, 1)) < file_count) {
		struct file *file = &files[index];
		int fd = open(file->path, O_RDONLY);
		if (file->size > content_room)
			content = realloc(content, content_room = file->size);
		for (size_t at = 0; at < file->size;) {
			ssize_t length = read(fd, content + at, file->size - at);
			if (length <= 0)
				exit(1);
			at += length;
		}
		close(fd);
		file->crc = libdeflate_crc32(0, content, file->size);
		file->packed = malloc(file->size + 1);
		file->packed_size = libdeflate_deflate_compress(compressor, content, file->size, file->packed, file->size);
		file->deflated = file->packed_size > 0;
		if (!file->deflated)
			memcpy(file->packed, content, file->packed_size = file->size);
		atomic_store(&file->done, 1);
	}
	return NULL;
}

static void put(FILE *out, int bytes, uint32_t value)
{
	while (bytes--) {
		putc_unlocked(value & 0xff, out);
		value >>= 8;
	}
}

static void put_common(FILE *out, const struct file *file)
{
	put(out, 2, 0x0800);
	put(out, 2, file->deflated ? 8 : 0);
	put(out, 4, 0x00210000);
	put(out, 4, file->crc);
	put(out, 4, file->packed_size);
	put(out, 4, file->size);
	put(out, 4, strlen(file->path + root_length));
}

static void write_all(FILE *out)
{
	uint32_t directory, end;
	for (size_t i = 0; i < file_count; i++) {
		struct file *file = &files[i];
		while (!atomic_load(&file->done))
			usleep(200);
		file->offset = ftell(out);
		put(out, 4, 0x04034b50);
		put(out, 2, 20);
		put_common(out, file);
		fputs(file->path + root_length, out);
		fwrite(file->packed, 1, file->packed_size, out);
		free(file->packed);
	}
	directory = ftell(out);
	for (size_t i = 0; i < file_count; i++) {
		put(out, 4, 0x02014b50);
		put(out, 4, 0x00140314);
		put_common(out, &files[i]);
		put(out, 4, 0);
		put(out, 2, 0);
		put(out, 4, 0100644u << 16);
		put(out, 4, files[i].offset);
		fputs(files[i].path + root_length, out);
	}
	end = ftell(out);
	put(out, 4, 0x06054b50);
	put(out, 4, 0);
	put(out, 2, file_count);
	put(out, 2, file_count);
	put(out, 4, end - directory);
	put(out, 4, directory);
	put(out, 2, 0);
}

int main(int argc, char **argv)
{
	struct timespec begun, ended;
	pthread_t threads[64];
	int thread_count;
	FILE *out;

	if (argc != 4 || (thread_count = atoi(argv[3])) < 1 || thread_count > 64)
		return 2;
	clock_gettime(CLOCK_MONOTONIC, &begun);
	root_length = strlen(argv[1]) + 1;
	nftw(argv[1], note, 64, FTW_PHYS);
	qsort(files, file_count, sizeof *files, by_path);
	for (int i = 0; i < thread_count; i++)
		pthread_create(&threads[i], NULL, pack, NULL);
	if (!(out = fopen(argv[2], "w")))
		return 1;
	setvbuf(out, NULL, _IOFBF, 1 << 20);
	write_all(out);
	for (int i = 0; i < thread_count; i++)
		pthread_join(threads[i], NULL);
	if (fclose(out))
		return 1;
	clock_gettime(CLOCK_MONOTONIC, &ended);
	printf("%.4f\n", (ended.tv_sec - begun.tv_sec) + (ended.tv_nsec - begun.tv_nsec) / 1e9);
	return 0;
}
