using System.Security.Cryptography;
using Guardian.Attestation.Identity;
using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Client.Sessions;
using Guardian.Refusals;
using static Guardian.Cas.Tests.Outcomes;

namespace Guardian.Cas.Tests.Sessions;

/// <summary>Access rules decide who may read, update and create sessions, alone and together.</summary>
public sealed class AccessTests : IDisposable
{
    private readonly TestCas cas = new();
    private readonly IdentityKey[] people = [IdentityKey.Create(), IdentityKey.Create(), IdentityKey.Create()];

    public void Dispose()
    {
        cas.Dispose();
        Array.ForEach(people, person => person.Dispose());
    }

    // Naive: the reader of PEM finds the key in front, and searches the rest once for each beginning in it.
    [Fact]
    public void A_text_that_is_longer_than_keys_are_is_no_key()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var flood = string.Concat(Enumerable.Repeat("\n-----BEGIN PUBLIC KEY-----", 2_000));
        var (publicKey, privateKey) = (key.ExportSubjectPublicKeyInfoPem(), key.ExportPkcs8PrivateKeyPem());
        Assert.Equal(publicKey, (publicKey + flood)[PemEncoding.Find(publicKey + flood).Location]);
        Assert.NotNull(KeyHash.TryRead(publicKey));
        Assert.Null(KeyHash.TryRead(publicKey + flood));
        Assert.NotNull(PemKey.TryReadPublic(publicKey));
        Assert.Null(PemKey.TryReadPublic(publicKey + flood));
        Assert.NotNull(PemKey.TryReadPrivate(privateKey));
        Assert.Null(PemKey.TryReadPrivate(privateKey + flood));
    }

    [Fact]
    public async Task An_update_needs_the_signatures_that_the_session_demands()
    {
        var session = $$"""
            access_policy:
              read: [ANY]
              update:
                - require-all:
                    - CREATOR
                    - require-at-least-2:
                        - {signer: {{people[0].PublicKey}}}
                        - {signer: {{people[1].PublicKey}}}
                        - {signer: {{people[2].PublicKey}}}

            """ + TestCas.Session;
        await cas.CreateAsync(session);
        var next = $"predecessor: {TestCas.Hash(session)}\n{session}";
        var signatures = people.Select(person => SessionSignature.Create(TestCas.Hash(next), person)).ToList();

        foreach (var tooFew in new[] { [], signatures[..1], [signatures[0], signatures[0]] })
        {
            var refused = await ExpectRefusalAsync(cas.Sessions.UpdateAsync("shop", TestCas.Utf8(next), TestCas.Alice, tooFew));
            Assert.Equal(CasReasons.Denied, refused.Reason);
            Assert.Contains("all of (CREATOR, at least 2 of (", refused.Problems[0], StringComparison.Ordinal);
        }
        var byStranger = cas.Sessions.UpdateAsync("shop", TestCas.Utf8(next), TestCas.Bob, signatures);
        Assert.Equal(CasReasons.Denied, await ExpectReasonAsync(byStranger));
        var forged = SessionSignature.Create(TestCas.Hash(session), people[1]);
        var withForged = cas.Sessions.UpdateAsync("shop", TestCas.Utf8(next), TestCas.Alice, [signatures[0], forged]);
        Assert.Equal(CasReasons.Invalid, await ExpectReasonAsync(withForged));

        var updated = await cas.Sessions.UpdateAsync("shop", TestCas.Utf8(next), TestCas.Alice, signatures[1..]).ValueAsync();
        Assert.Equal(TestCas.Hash(next), updated.Hash);
    }

    [Fact]
    public async Task A_session_below_another_needs_the_consent_of_the_one_above()
    {
        var below = TestCas.Session.Replace("name: shop", "name: team/shop", StringComparison.Ordinal);
        Assert.Equal(CasReasons.Denied, await ExpectReasonAsync(cas.CreateAsync(below)));
        await cas.CreateAsync($"name: team\naccess_policy:\n  create_sessions: [{people[0].PublicKey}]\n  list_sessions: [ANY]\n");
        Assert.Equal(CasReasons.Denied, await ExpectReasonAsync(cas.CreateAsync(below)));
        await cas.CreateAsync(below, people[0].SubjectPublicKeyInfo);
        var deep = TestCas.Session.Replace("name: shop", "name: team/shop/deep", StringComparison.Ordinal);
        await cas.CreateAsync(deep, people[0].SubjectPublicKeyInfo);
        Assert.Equal(["team/shop"], (await cas.Sessions.ListAsync("team", "", TestCas.Bob).ValueAsync()).Names);
        Assert.Equal(CasReasons.NotFound, await ExpectReasonAsync(cas.Sessions.ListAsync("team/shop", "", TestCas.Bob)));
    }

    [Theory]
    [InlineData("read: [NONE]", false, false)]
    [InlineData("read: [ANY]", true, true)]
    [InlineData("update: [ANY]", true, false)]
    public async Task Reading_follows_its_rule(string rule, bool creator, bool stranger)
    {
        await cas.CreateAsync($"access_policy: {{{rule}}}\n{TestCas.Session}");
        Assert.Equal(creator, await MayAsync(TestCas.Alice));
        Assert.Equal(stranger, await MayAsync(TestCas.Bob));

        async Task<bool> MayAsync(byte[] key)
        {
            var (session, refusal) = await cas.Sessions.ReadAsync("shop", key);
            Assert.True(refusal is null || refusal.Reason == CasReasons.NotFound);
            return session is not null;
        }
    }
}
