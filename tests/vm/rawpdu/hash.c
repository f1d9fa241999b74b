// SPDX-License-Identifier: GPL-2.0
/*
 * The digests of CHAP: MD5 (RFC 1321), SHA-1, SHA-256 (FIPS 180-4), SHA3-256
 * (FIPS 202). Not the kernel's, which the target uses. For short input.
 */

#include <math.h>
#include <string.h>

#include "rawpdu.h"

#define BLOCK_LEN	64
#define MAX_INPUT	4096

static u32 rol(u32 x, u32 n)
{
	return x << n | x >> (32 - n);
}

static u32 ror(u32 x, u32 n)
{
	return rol(x, 32 - n);
}

/* The input, 0x80, zeros, and the length in bits: whole blocks. */
static u32 pad(const void *buf, u32 len, u8 *out, bool big_endian)
{
	u32 total = (len + 8) / BLOCK_LEN * BLOCK_LEN + BLOCK_LEN, i;

	if (total > MAX_INPUT)
		fail("input of a digest too long");
	memset(out, 0, total);
	memcpy(out, buf, len);
	out[len] = 0x80;
	for (i = 0; i < 8; i++)
		out[big_endian ? total - 1 - i : total - 8 + i] = (u64)len * 8 >> 8 * i;
	return total;
}

static void md5(const void *buf, u32 len, u8 *out)
{
	static const u8 shift[4][4] = {
		{ 7, 12, 17, 22 }, { 5, 9, 14, 20 }, { 4, 11, 16, 23 }, { 6, 10, 15, 21 },
	};
	u32 state[4] = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476 };
	u8 input[MAX_INPUT];
	u32 total = pad(buf, len, input, false), at, i;

	for (at = 0; at < total; at += BLOCK_LEN) {
		u32 a = state[0], b = state[1], c = state[2], d = state[3];

		for (i = 0; i < 64; i++) {
			u32 f, g, x, constant = (u32)(fabs(sin(i + 1)) * 4294967296.0);

			switch (i / 16) {
			case 0:
				f = (b & c) | (~b & d);
				g = i;
				break;
			case 1:
				f = (d & b) | (~d & c);
				g = (5 * i + 1) % 16;
				break;
			case 2:
				f = b ^ c ^ d;
				g = (3 * i + 5) % 16;
				break;
			default:
				f = c ^ (b | ~d);
				g = 7 * i % 16;
				break;
			}
			memcpy(&x, input + at + 4 * g, sizeof(x));
			f += a + constant + le32toh(x);
			a = d;
			d = c;
			c = b;
			b += rol(f, shift[i / 16][i % 4]);
		}
		state[0] += a;
		state[1] += b;
		state[2] += c;
		state[3] += d;
	}
	for (i = 0; i < 4; i++)
		state[i] = htole32(state[i]);
	memcpy(out, state, sizeof(state));
}

static u32 word(const u8 *at)
{
	u32 x;

	memcpy(&x, at, sizeof(x));
	return be32toh(x);
}

static void sha1(const void *buf, u32 len, u8 *out)
{
	static const u32 constant[] = { 0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6 };
	u32 h[5] = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0 };
	u8 input[MAX_INPUT];
	u32 total = pad(buf, len, input, true), at, i, w[80];

	for (at = 0; at < total; at += BLOCK_LEN) {
		u32 a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];

		for (i = 0; i < 80; i++) {
			u32 f;

			w[i] = i < 16 ? word(input + at + 4 * i) :
			       rol(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
			if (i < 20)
				f = (b & c) | (~b & d);
			else if (i < 40 || i >= 60)
				f = b ^ c ^ d;
			else
				f = (b & c) | (b & d) | (c & d);
			f += rol(a, 5) + e + constant[i / 20] + w[i];
			e = d;
			d = c;
			c = rol(b, 30);
			b = a;
			a = f;
		}
		h[0] += a;
		h[1] += b;
		h[2] += c;
		h[3] += d;
		h[4] += e;
	}
	for (i = 0; i < 5; i++)
		h[i] = htobe32(h[i]);
	memcpy(out, h, sizeof(h));
}

/* The first 32 bits behind the point of the square or cube root of a prime. */
static u32 root(u32 prime, bool cube)
{
	long double r = cube ? cbrtl(prime) : sqrtl(prime);

	return (u32)((r - floorl(r)) * 4294967296.0L);
}

static void sha256(const void *buf, u32 len, u8 *out)
{
	u32 h[8], k[64], w[64], prime = 2, i, j;
	u8 input[MAX_INPUT];
	u32 total = pad(buf, len, input, true), at;

	for (i = 0; i < 64; prime++) {
		for (j = 2; j < prime && prime % j; j++)
			;
		if (j < prime)
			continue;
		if (i < 8)
			h[i] = root(prime, false);
		k[i++] = root(prime, true);
	}
	for (at = 0; at < total; at += BLOCK_LEN) {
		u32 v[8];

		memcpy(v, h, sizeof(v));
		for (i = 0; i < 64; i++) {
			u32 t1, t2;

			w[i] = i < 16 ? word(input + at + 4 * i) :
			       w[i - 16] + w[i - 7] +
			       (ror(w[i - 15], 7) ^ ror(w[i - 15], 18) ^ w[i - 15] >> 3) +
			       (ror(w[i - 2], 17) ^ ror(w[i - 2], 19) ^ w[i - 2] >> 10);
			t1 = v[7] + (ror(v[4], 6) ^ ror(v[4], 11) ^ ror(v[4], 25)) +
			     ((v[4] & v[5]) ^ (~v[4] & v[6])) + k[i] + w[i];
			t2 = (ror(v[0], 2) ^ ror(v[0], 13) ^ ror(v[0], 22)) +
			     ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
			memmove(v + 1, v, 7 * sizeof(*v));
			v[4] += t1;
			v[0] = t1 + t2;
		}
		for (i = 0; i < 8; i++)
			h[i] += v[i];
	}
	for (i = 0; i < 8; i++)
		h[i] = htobe32(h[i]);
	memcpy(out, h, sizeof(h));
}

/* The constants of iota come from a shift register, the offsets of rho from a walk. */
static void keccak(u64 *s)
{
	u8 lfsr = 1;
	int round, x, y, j;

	for (round = 0; round < 24; round++) {
		u64 c[5], d, last;

		for (x = 0; x < 5; x++)
			c[x] = s[x] ^ s[x + 5] ^ s[x + 10] ^ s[x + 15] ^ s[x + 20];
		for (x = 0; x < 5; x++) {
			d = c[(x + 4) % 5] ^ (c[(x + 1) % 5] << 1 | c[(x + 1) % 5] >> 63);
			for (y = 0; y < 25; y += 5)
				s[y + x] ^= d;
		}
		x = 1;
		y = 0;
		last = s[1];
		for (j = 0; j < 24; j++) {
			int r = (j + 1) * (j + 2) / 2 % 64, next = (2 * x + 3 * y) % 5;
			u64 here;

			x = y;
			y = next;
			here = s[5 * y + x];
			s[5 * y + x] = last << r | last >> (64 - r);
			last = here;
		}
		for (y = 0; y < 25; y += 5) {
			memcpy(c, s + y, sizeof(c));
			for (x = 0; x < 5; x++)
				s[y + x] = c[x] ^ (~c[(x + 1) % 5] & c[(x + 2) % 5]);
		}
		for (j = 0; j < 7; j++) {
			if (lfsr & 1)
				s[0] ^= 1ull << ((1 << j) - 1);
			lfsr = lfsr << 1 ^ (lfsr & 0x80 ? 0x71 : 0);
		}
	}
}

static void sha3_256(const void *buf, u32 len, u8 *out)
{
	const u32 rate = 136;
	u64 s[25] = { 0 };
	u8 *bytes = (u8 *)s;	/* little-endian machines only */
	u32 i;

	for (i = 0; i < len; i++) {
		bytes[i % rate] ^= ((const u8 *)buf)[i];
		if (i % rate == rate - 1)
			keccak(s);
	}
	bytes[len % rate] ^= 0x06;
	bytes[rate - 1] ^= 0x80;
	keccak(s);
	memcpy(out, s, 32);
}

/* RFC 7143 12.1.3 and the registry it points to. */
static const struct hash hashes[] = {
	{ 5, 16, md5 }, { 6, 20, sha1 }, { 7, 32, sha256 }, { 8, 32, sha3_256 },
};

const struct hash *hash_of(u8 id)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(hashes); i++)
		if (hashes[i].id == (id ? id : 5))
			return &hashes[i];
	fail("CHAP_A=%u is not among the digests", id);
}
