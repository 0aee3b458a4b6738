/* The floor of what reading a capture costs: maps a pcap file, walks its record headers, reads the
 * ports and the sequence number of each TCP segment. Nothing else, and no check that the file is sane.
 * cc -O2 -o floor floor.c && ./floor FILE */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

int main(int count, char **arguments) {
    struct stat about;
    int file = count == 2 ? open(arguments[1], O_RDONLY) : -1;
    if (file < 0 || fstat(file, &about) != 0) return 2;
    size_t size = (size_t)about.st_size;
    const uint8_t *at = mmap(0, size, PROT_READ, MAP_PRIVATE, file, 0);
    if (at == MAP_FAILED) return 2;
    const uint8_t *end = at + size;
    uint64_t frames = 0, mixed = 0;
    for (at += 24; at + 16 <= end; frames++) {
        uint32_t length, ports, sequence;
        memcpy(&length, at + 8, 4);
        const uint8_t *frame = at + 16;
        if (length > (size_t)(end - frame)) break;
        if (length >= 54 && frame[12] == 8 && frame[13] == 0 && frame[23] == 6) {
            const uint8_t *tcp = frame + 14 + (frame[14] & 15) * 4;
            memcpy(&ports, tcp, 4);
            memcpy(&sequence, tcp + 4, 4);
            mixed = (mixed ^ ports) + sequence;
        }
        at = frame + length;
    }
    printf("%llu frames, %llx\n", (unsigned long long)frames, (unsigned long long)mixed);
    return 0;
}
