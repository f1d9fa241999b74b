// SPDX-License-Identifier: GPL-2.0
/*
 * CHAP: the exchange and its secrets; text is chap.c's. And who may log in by
 * address.
 */

#include <crypto/algapi.h>
#include <crypto/hash.h>
#include <linux/err.h>
#include <linux/list.h>
#include <linux/random.h>
#include <linux/slab.h>

#include "access.h"
#include "auth.h"

#define AUTH_DIGEST_MAX	32

/**
 * struct auth_algorithm - one value of CHAP_A
 * @id:		as on the wire
 * @shash:	what the kernel calls it
 * @digest_len:	bytes of a response; our challenges are as long
 */
struct auth_algorithm {
	u8		id;
	const char	*shash;
	u8		digest_len;
};

/* RFC 7143 12.1.3 and the registry it points to. ESXi knows MD5 only. */
static const struct auth_algorithm auth_algorithms[] = {
	{ 5, "md5", 16 },
	{ 6, "sha1", 20 },
	{ 7, "sha256", AUTH_DIGEST_MAX },
	{ 8, "sha3-256", AUTH_DIGEST_MAX },
};

enum auth_state {
	AUTH_WANT_ALGORITHMS,	/* CHAP_A */
	AUTH_WANT_RESPONSE,	/* CHAP_N, CHAP_R */
	AUTH_OVER,
};

/**
 * struct lunar_chap - one exchange, in one login
 * @entry:	in exchanges
 * @auth:	copy of the credentials; its lock is not used
 * @state:	which keys come next
 * @algorithm:	chosen from CHAP_A
 * @tfm:	its digest
 * @id:		our CHAP_I
 * @challenge:	our CHAP_C
 * @challenge_len: its bytes, as many as the digest has; 0 until it is sent
 * @theirs:	the initiator's CHAP_C
 * @input:	what a digest is made of: identifier, secret, challenge
 */
struct lunar_chap {
	struct list_head		entry;
	struct lunar_auth		auth;
	enum auth_state			state;
	const struct auth_algorithm	*algorithm;
	struct crypto_shash		*tfm;
	u8				id;
	u8				challenge[AUTH_DIGEST_MAX];
	u32				challenge_len;
	u8				theirs[LUNAR_CHAP_CHALLENGE_MAX];
	u8				input[1 + LUNAR_CHAP_SECRET_MAX +
					      LUNAR_CHAP_CHALLENGE_MAX];
};

/*
 * Exchanges in progress, of all logins: whose challenge comes back on another
 * connection is being used to have us answer it.
 */
static LIST_HEAD(exchanges);
static DEFINE_SPINLOCK(exchanges_lock);	/* exchanges, their challenge; nests in none */

/* CHAP_N and CHAP_R; the first answer, CHAP_A, CHAP_I, CHAP_C, is shorter. */
static_assert(sizeof("CHAP_N=") + LUNAR_CHAP_USER_MAX + sizeof("CHAP_R=") +
	      LUNAR_CHAP_TEXT_SIZE(AUTH_DIGEST_MAX) <= LUNAR_AUTH_REPLY_MAX);

static void copy_auth(struct lunar_auth *auth, struct lunar_auth *copy)
{
	spin_lock(&auth->lock);
	strscpy(copy->userid, auth->userid, sizeof(copy->userid));
	strscpy(copy->password, auth->password, sizeof(copy->password));
	memcpy(copy->users, auth->users, sizeof(copy->users));
	strscpy(copy->userid_mutual, auth->userid_mutual,
		sizeof(copy->userid_mutual));
	strscpy(copy->password_mutual, auth->password_mutual,
		sizeof(copy->password_mutual));
	spin_unlock(&auth->lock);
}

/**
 * lunar_auth_set_user() - one more user, or another secret for one
 * @auth:	the credentials
 * @name:	CHAP_N, without blank or newline
 * @name_len:	1 to LUNAR_CHAP_USER_MAX
 * @secret:	without newline
 * @secret_len:	LUNAR_CHAP_SECRET_MIN to LUNAR_CHAP_SECRET_MAX
 *
 * Context: process. Takes effect with the next login.
 * Return: 0, or -ENOSPC if there are too many.
 */
int lunar_auth_set_user(struct lunar_auth *auth, const char *name, u32 name_len,
			const char *secret, u32 secret_len)
{
	int ret;

	spin_lock(&auth->lock);
	ret = lunar_chap_put_user(auth->users, sizeof(auth->users), name,
				  name_len, secret, secret_len);
	spin_unlock(&auth->lock);
	return ret;
}

/**
 * lunar_auth_del_user() - undo lunar_auth_set_user()
 * @auth:	the credentials
 * @name:	CHAP_N
 * @len:	its length
 *
 * Context: process. Takes effect with the next login.
 * Return: 0, or -ENOENT if there is no such user.
 */
int lunar_auth_del_user(struct lunar_auth *auth, const char *name, u32 len)
{
	int ret;

	spin_lock(&auth->lock);
	ret = lunar_chap_del_user(auth->users, name, len);
	spin_unlock(&auth->lock);
	return ret;
}

/**
 * lunar_auth_alloc() - begin an exchange
 * @auth:	the credentials; copied, so a change does not meet a login halfway
 *
 * Context: process, may sleep.
 * Return: the exchange, owned by the caller, or ERR_PTR(): -ENOKEY if no user is
 * set, -EINVAL if there is only a user id without a password, -ENOMEM.
 */
struct lunar_chap *lunar_auth_alloc(struct lunar_auth *auth)
{
	struct lunar_chap *chap;
	int ret = 0;

	chap = kzalloc(sizeof(*chap), GFP_KERNEL);
	if (!chap)
		return ERR_PTR(-ENOMEM);
	INIT_LIST_HEAD(&chap->entry);
	copy_auth(auth, &chap->auth);
	if (!chap->auth.userid[0] && !chap->auth.users[0])
		ret = -ENOKEY;
	else if (!chap->auth.password[0] && !chap->auth.users[0])
		ret = -EINVAL;
	if (ret) {
		lunar_auth_free(chap);
		return ERR_PTR(ret);
	}
	spin_lock(&exchanges_lock);
	list_add(&chap->entry, &exchanges);
	spin_unlock(&exchanges_lock);
	return chap;
}

/**
 * lunar_auth_free() - end an exchange and wipe its secrets
 * @chap:	the exchange, or NULL
 *
 * Context: process, may sleep.
 */
void lunar_auth_free(struct lunar_chap *chap)
{
	if (!chap)
		return;
	spin_lock(&exchanges_lock);
	list_del(&chap->entry);
	spin_unlock(&exchanges_lock);
	if (chap->tfm)
		crypto_free_shash(chap->tfm);
	kfree_sensitive(chap);
}

static enum lunar_auth_verdict fail(const char **why, const char *reason)
{
	*why = reason;
	return LUNAR_AUTH_FAIL;
}

/* RFC 1994 4.1: the digest of identifier, secret, challenge. */
static int digest(struct lunar_chap *chap, u8 id, const char *secret,
		  const u8 *challenge, u32 challenge_len, u8 *out)
{
	size_t secret_len = strnlen(secret, LUNAR_CHAP_SECRET_MAX);
	u8 *to = chap->input;

	*to++ = id;
	memcpy(to, secret, secret_len);
	to += secret_len;
	memcpy(to, challenge, challenge_len);
	to += challenge_len;
	return crypto_shash_tfm_digest(chap->tfm, chap->input,
				       to - chap->input, out);
}

/* Each is asked for once, however often the list has it: it may load a module. */
static bool use_algorithm(struct lunar_chap *chap, int id, unsigned long *tried)
{
	struct crypto_shash *tfm;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(auth_algorithms); i++) {
		if (auth_algorithms[i].id != id || __test_and_set_bit(i, tried))
			continue;
		/* A kernel in FIPS mode has no MD5: then the next of the list. */
		tfm = crypto_alloc_shash(auth_algorithms[i].shash, 0, 0);
		if (IS_ERR(tfm))
			return false;
		chap->tfm = tfm;
		chap->algorithm = &auth_algorithms[i];
		return true;
	}
	return false;
}

/* RFC 7143 12.1.3: the first of the initiator's list that we can do. */
static bool choose_algorithm(struct lunar_chap *chap, const char *list)
{
	unsigned long tried = 0;

	for (;;) {
		size_t len = strcspn(list, ",");

		if (use_algorithm(chap, lunar_chap_number(list, len),
				  &tried))
			return true;
		if (!list[len])
			return false;
		list += len + 1;
	}
}

static void put_number(struct lunar_text *reply, const char *name, u8 number)
{
	char text[4];

	snprintf(text, sizeof(text), "%u", number);
	lunar_keys_put(reply, name, text);
}

static void put_bytes(struct lunar_text *reply, const char *name,
		      const u8 *bytes, u32 len)
{
	char text[LUNAR_CHAP_TEXT_SIZE(AUTH_DIGEST_MAX)];

	lunar_chap_encode(bytes, len, text);
	lunar_keys_put(reply, name, text);
}

static enum lunar_auth_verdict
take_algorithms(struct lunar_chap *chap,
		const struct lunar_chap_request *request,
		struct lunar_text *reply, const char **why)
{
	if (!request->algorithms || request->id || request->challenge ||
	    request->name || request->response)
		return fail(why, "CHAP does not begin with CHAP_A alone");
	if (!choose_algorithm(chap, request->algorithms))
		return fail(why, "no CHAP algorithm in common");

	get_random_bytes(&chap->id, sizeof(chap->id));
	spin_lock(&exchanges_lock);
	chap->challenge_len = chap->algorithm->digest_len;
	get_random_bytes(chap->challenge, chap->challenge_len);
	spin_unlock(&exchanges_lock);
	put_number(reply, "CHAP_A", chap->algorithm->id);
	put_number(reply, "CHAP_I", chap->id);
	put_bytes(reply, "CHAP_C", chap->challenge, chap->challenge_len);
	chap->state = AUTH_WANT_RESPONSE;
	return LUNAR_AUTH_MORE;
}

static bool user_matches(const struct lunar_chap *chap, const char *name)
{
	char theirs[LUNAR_CHAP_USER_MAX + 1] = "";
	char ours[LUNAR_CHAP_USER_MAX + 1] = "";

	if (!chap->auth.userid[0] || strscpy(theirs, name, sizeof(theirs)) < 0)
		return false;
	strscpy(ours, chap->auth.userid, sizeof(ours));
	return !crypto_memneq(theirs, ours, sizeof(ours));
}

/*
 * Puts the secret of @name into auth.password, where that of auth.userid is; an
 * unknown user gets an empty one, so that to refuse him takes as long.
 */
static bool load_secret(struct lunar_chap *chap, const char *name)
{
	struct lunar_auth *auth = &chap->auth;
	const char *secret;
	u32 len = 0;

	if (user_matches(chap, name))
		return auth->password[0];
	secret = lunar_chap_find_user(auth->users, name, &len);
	memzero_explicit(auth->password, sizeof(auth->password));
	if (secret)
		memcpy(auth->password, secret, len);
	return secret;
}

static bool response_matches(struct lunar_chap *chap, const char *response)
{
	u8 expected[AUTH_DIGEST_MAX], theirs[AUTH_DIGEST_MAX];
	u32 len = chap->algorithm->digest_len;
	bool same;

	same = !digest(chap, chap->id, chap->auth.password, chap->challenge,
		       chap->challenge_len, expected) &&
	       lunar_chap_decode(response, theirs, sizeof(theirs)) == len &&
	       !crypto_memneq(theirs, expected, len);
	memzero_explicit(expected, sizeof(expected));
	return same;
}

/*
 * RFC 7143 9.2.1: a response that we would have given ourselves is a failure,
 * which is to say that each direction has a secret of its own.
 */
static bool same_secrets(const struct lunar_auth *auth)
{
	return auth->userid_mutual[0] &&
	       !strcmp(auth->password, auth->password_mutual);
}

/* RFC 7143 9.2.1: never answer a challenge of our own, this one or another. */
static bool is_ours(const u8 *challenge, u32 len)
{
	const struct lunar_chap *chap;
	bool ours = false;

	spin_lock(&exchanges_lock);
	list_for_each_entry(chap, &exchanges, entry)
		ours |= chap->challenge_len == len &&
			!memcmp(chap->challenge, challenge, len);
	spin_unlock(&exchanges_lock);
	return ours;
}

/* The initiator has proven itself and wants the target to do the same. */
static enum lunar_auth_verdict
answer_challenge(struct lunar_chap *chap,
		 const struct lunar_chap_request *request,
		 struct lunar_text *reply, const char **why)
{
	u8 out[AUTH_DIGEST_MAX];
	int id, len;

	if (!request->id || !request->challenge)
		return fail(why, "CHAP_I and CHAP_C do not come together");
	if (!chap->auth.userid_mutual[0] || !chap->auth.password_mutual[0])
		return fail(why, "mutual CHAP is asked for but not configured");
	id = lunar_chap_number(request->id, strlen(request->id));
	len = lunar_chap_decode(request->challenge, chap->theirs,
				sizeof(chap->theirs));
	if (id < 0 || len < 0)
		return fail(why, "malformed CHAP_I or CHAP_C");
	if (is_ours(chap->theirs, len))
		return fail(why, "a challenge of the target came back");
	if (digest(chap, id, chap->auth.password_mutual, chap->theirs, len, out))
		return fail(why, "cannot compute the mutual CHAP response");

	lunar_keys_put(reply, "CHAP_N", chap->auth.userid_mutual);
	put_bytes(reply, "CHAP_R", out, chap->algorithm->digest_len);
	return LUNAR_AUTH_PASS;
}

static enum lunar_auth_verdict
take_response(struct lunar_chap *chap,
	      const struct lunar_chap_request *request,
	      struct lunar_text *reply, const char **why)
{
	bool known, proven;

	if (request->algorithms || !request->name || !request->response)
		return fail(why, "CHAP_N and CHAP_R are missing");
	/* Both, always: an unknown name takes as long as a wrong secret. */
	known = load_secret(chap, request->name);
	proven = response_matches(chap, request->response);
	if (!known)
		return fail(why, "unknown CHAP user name");
	if (!proven)
		return fail(why, "wrong CHAP secret");
	if (same_secrets(&chap->auth))
		return fail(why, "password and mutual password are the same");
	if (!request->id && !request->challenge)
		return LUNAR_AUTH_PASS;
	return answer_challenge(chap, request, reply, why);
}

/**
 * lunar_auth_step() - deal with the CHAP keys of one Login Request
 * @chap:	the exchange
 * @request:	the keys, at least one
 * @reply:	the answer is put here, at most LUNAR_AUTH_REPLY_MAX bytes
 * @why:	with LUNAR_AUTH_FAIL the reason, a constant string for the
 *		administrator; the initiator is not told
 *
 * RFC 7143 12.1.3: CHAP_A, answered by CHAP_A, CHAP_I, CHAP_C; then CHAP_N and
 * CHAP_R, with CHAP_I and CHAP_C if the target is to authenticate itself, which
 * it does with CHAP_N and CHAP_R.
 *
 * Context: process, may sleep.
 * Return: the verdict; after PASS and FAIL the exchange is over.
 */
enum lunar_auth_verdict lunar_auth_step(struct lunar_chap *chap,
					const struct lunar_chap_request *request,
					struct lunar_text *reply,
					const char **why)
{
	enum auth_state state = chap->state;

	chap->state = AUTH_OVER;
	switch (state) {
	case AUTH_WANT_ALGORITHMS:
		return take_algorithms(chap, request, reply, why);
	case AUTH_WANT_RESPONSE:
		return take_response(chap, request, reply, why);
	default:
		return fail(why, "CHAP keys after the end of CHAP");
	}
}

/**
 * lunar_auth_permits() - may one log in from this address?
 * @access:	the lists
 * @peer:	the address
 *
 * What is denied is denied, whatever else is allowed.
 *
 * Context: process.
 * Return: true if it may.
 */
bool lunar_auth_permits(struct lunar_access *access,
			const struct sockaddr_storage *peer)
{
	bool yes;

	spin_lock(&access->lock);
	yes = !lunar_access_has(access->denied, peer) &&
	      (!access->allowed[0] || lunar_access_has(access->allowed, peer));
	spin_unlock(&access->lock);
	return yes;
}
