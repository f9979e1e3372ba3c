using Guardian.Attestation.Identity;
using Guardian.Cas.Client.Protocol;

namespace Guardian.Cas.Tests;

/// <summary>Who may read, update and create, alone and together.</summary>
public sealed class AccessTests : IDisposable
{
    private readonly TestCas cas = new();
    private readonly IdentityKey[] people = [IdentityKey.Create(), IdentityKey.Create(), IdentityKey.Create()];

    public void Dispose()
    {
        cas.Dispose();
        Array.ForEach(people, person => person.Dispose());
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
                    - require-at-least-2: [{signer: {{people[0].PublicKey}}}, {signer: {{people[1].PublicKey}}}, {signer: {{people[2].PublicKey}}}]

            """ + TestCas.Session;
        await cas.CreateAsync(session);
        var next = $"predecessor: {TestCas.Hash(session)}\n{session}";
        var signatures = people.Select(person => SessionSignature.Create(TestCas.Hash(next), person)).ToList();

        foreach (var tooFew in new[] { [], signatures[..1], [signatures[0], signatures[0]] })
        {
            var refused = await RefusedAsync(cas.Service.UpdateAsync("shop", TestCas.Utf8(next), TestCas.Alice, tooFew));
            Assert.Equal(CasFailure.Denied, refused.Failure);
            Assert.Contains("all of (CREATOR, at least 2 of (", refused.Problems[0], StringComparison.Ordinal);
        }
        Assert.Equal(CasFailure.Denied, (await RefusedAsync(cas.Service.UpdateAsync("shop", TestCas.Utf8(next), TestCas.Bob, signatures))).Failure);
        var forged = SessionSignature.Create(TestCas.Hash(session), people[1]);
        Assert.Equal(CasFailure.Invalid, (await RefusedAsync(cas.Service.UpdateAsync("shop", TestCas.Utf8(next), TestCas.Alice, [signatures[0], forged]))).Failure);

        Assert.Equal(TestCas.Hash(next), (await cas.Service.UpdateAsync("shop", TestCas.Utf8(next), TestCas.Alice, signatures[1..])).Hash);
    }

    [Fact]
    public async Task A_name_below_another_needs_the_consent_of_the_one_above()
    {
        var below = TestCas.Session.Replace("name: shop", "name: team/shop", StringComparison.Ordinal);
        Assert.Equal(CasFailure.Denied, (await RefusedAsync(cas.CreateAsync(below))).Failure);
        await cas.CreateAsync($"name: team\naccess_policy:\n  create_sessions: [{people[0].PublicKey}]\n  list_sessions: [ANY]\n");
        Assert.Equal(CasFailure.Denied, (await RefusedAsync(cas.CreateAsync(below))).Failure);
        await cas.CreateAsync(below, people[0].SubjectPublicKeyInfo);
        await cas.CreateAsync(TestCas.Session.Replace("name: shop", "name: team/shop/deep", StringComparison.Ordinal), people[0].SubjectPublicKeyInfo);
        Assert.Equal(["team/shop"], (await cas.Service.ListAsync("team", TestCas.Bob)).Names);
        Assert.Equal(CasFailure.NotFound, (await RefusedAsync(cas.Service.ListAsync("team/shop", TestCas.Bob))).Failure);
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
            try
            {
                await cas.Service.ReadAsync("shop", key);
                return true;
            }
            catch (CasException refused) when (refused.Failure == CasFailure.NotFound)
            {
                return false;
            }
        }
    }

    private static Task<CasException> RefusedAsync(Task call) => Assert.ThrowsAsync<CasException>(() => call);
}
