using System.Security.Cryptography;
using System.Text;
using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Client.Sessions;
using Guardian.Cas.Sessions;
using Guardian.Cas.Store;
using Guardian.Cas.Tests.Store;
using static Guardian.Cas.Tests.Outcomes;

namespace Guardian.Cas.Tests.Sessions;

/// <summary>Values in public files open in one CAS, for one secret of one session of one creator.</summary>
public sealed class SealedValueTests : IDisposable
{
    private static readonly string AliceHash = KeyHash.Of(TestCas.Alice);

    private readonly TestCas cas = new();

    public void Dispose() => cas.Dispose();

    [Fact]
    public void Hpke_follows_the_vector_of_its_rfc()
    {
        // RFC 9180, A.3.1, sequence number 0.
        using var key = RecipientOfTheRfc();
        var encapsulated = Hex(
            "04a92719c6195d5085104f469a8b9814d5838ff72b60501e2c4466e5e67b325ac9"
            + "8536d7b61a1af4b78e5b7f951c0900be863c403ce65c9bfcb9382657222d18c4");
        var opened = Hpke.Open(
            key, encapsulated, Hex("4f6465206f6e2061204772656369616e2055726e"),
            Hex("5ad590bb8baa577f8619db35a36311226a896e7342a6d836d8b7bcd2f20b6c7f9076ac232e3ab2523f39513434"), "Count-0"u8);
        Assert.Equal("4265617574792069732074727574682c20747275746820626561757479", Convert.ToHexStringLower(opened!));
    }

    [Fact]
    public void The_vector_of_the_specification_opens_at_its_place_and_nowhere_else()
    {
        var page = File.ReadAllText(Repository.File("docs", "spec", "sealed-values.md"));
        var text = page.Split('\n').First(line => line.StartsWith("AaJ3", StringComparison.Ordinal));
        var value = SealedValue.TryRead(text)!;
        Assert.Equal(text, value.ToString());
        using var key = RecipientOfTheRfc();
        var (identity, creator) = (new string('1', 64), new string('2', 64));
        var place = new SealedPlace(creator, "shop", "db", SecretKind.Ascii);
        Assert.Contains(Convert.ToHexStringLower(place.ToBytes(identity)), page, StringComparison.Ordinal);
        Assert.Equal("s3cret"u8.ToArray(), value.TryOpen(key, identity, place));
        Assert.Equal(SealedValue.IdOf(key.ExportSubjectPublicKeyInfo()), value.KeyId);

        Assert.Null(value.TryOpen(key, creator, place));
        Assert.Null(value.TryOpen(key, identity, place with { Creator = identity }));
        Assert.Null(value.TryOpen(key, identity, place with { Session = "shop2" }));
        Assert.Null(value.TryOpen(key, identity, place with { Secret = "db2" }));
        Assert.Null(value.TryOpen(key, identity, place with { Kind = SecretKind.Binary }));
        var bytes = Convert.FromBase64String(text);
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] ^= 1;
            // The id of the key only helps to explain a refusal.
            var altered = SealedValue.TryRead(Convert.ToBase64String(bytes))?.TryOpen(key, identity, place);
            Assert.True(altered is null || i is >= 1 and < 9);
            Assert.Null(SealedValue.TryRead(Convert.ToBase64String(bytes.AsSpan(0, i))));
            bytes[i] ^= 1;
        }
    }

    [Theory]
    [InlineData("  - {name: db, kind: ascii, value: s3cret, export_public: true} # the password\n", "$$GUARDIAN::db$$", "s3cret")]
    [InlineData("  - name: db\n    \"value\": 's3cret'\n    kind: ascii\n", "$$GUARDIAN::db$$", "s3cret")]
    [InlineData("  - name: db\n    value:\n      s3cret\n    kind: ascii\n", "$$GUARDIAN::db$$", "s3cret")]
    [InlineData("  - name: db\n    kind: ascii\n    value: |-\n      s3cret\n", "$$GUARDIAN::db$$", "s3cret")]
    [InlineData("  - name: db\n    value: >-\n      s3cret\n    kind: ascii\n", "$$GUARDIAN::db$$", "s3cret")]
    [InlineData("  - {name: db, kind: binary, value: c2VjcmV0}\n", "$$GUARDIAN::db:hex$$", "736563726574")]
    public async Task A_public_file_gives_its_values_to_the_program_alone(string secret, string placeholder, string expected)
    {
        var open = Session(secret, placeholder);
        var text = await SealAsync(open);
        Assert.DoesNotContain("s3cret", text, StringComparison.Ordinal);
        Assert.DoesNotContain("c2VjcmV0", text, StringComparison.Ordinal);
        var hash = (await cas.CreateAsync(text)).Hash;
        Assert.Equal(TestCas.Hash(text), hash);
        Assert.Equal(expected, (await cas.ConfigureAsync()).Environment["DB"]);
        Assert.Equal("session", (await cas.Secrets.ListAsync("shop", TestCas.Alice).ValueAsync()).Secrets[^1].Source);
        cas.Reopen();
        Assert.Equal(expected, (await cas.ConfigureAsync()).Environment["DB"]);

        // The same file, edited, is the next text, and a rotation of another secret loses nothing.
        await cas.UpdateAsync("shop", $"predecessor: {hash}\n{text}");
        cas.Time.Now += TimeSpan.FromDays(31);
        Assert.Equal(expected, (await cas.ConfigureAsync()).Environment["DB"]);
    }

    [Fact]
    public async Task A_private_key_is_sealed_as_well_and_comments_stay()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var pem = key.ExportPkcs8PrivateKeyPem().Replace("\n", "\n      ", StringComparison.Ordinal);
        var text = await SealAsync(Session(
            $"  - name: db # our key\n    kind: private-key\n    value: |\n      {pem}\n"
            + "  - {name: open, kind: public-key, private_key: db}\n",
            "$$GUARDIAN::db:base64$$"));
        Assert.Contains("name: db # our key", text, StringComparison.Ordinal);
        Assert.Contains("- {name: open,", text, StringComparison.Ordinal);
        Assert.DoesNotContain("PRIVATE KEY", text, StringComparison.Ordinal);
        await cas.CreateAsync(text);
        Assert.Equal(Convert.ToBase64String(key.ExportPkcs8PrivateKey()), (await cas.ConfigureAsync()).Environment["DB"]);
    }

    [Fact]
    public async Task A_value_copied_from_a_public_file_opens_in_no_session_of_the_copier()
    {
        var open = Session("  - {name: db, kind: ascii, value: s3cret}\n", "$$GUARDIAN::db$$");
        var text = await SealAsync(open);

        // A naive CAS binds a value to the names of session and secret. Bob takes the free name before Alice.
        using (var key = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256))
        {
            byte[] names = [.. "naive shop db"u8];
            var (encapsulated, ciphertext) = Hpke.Seal(key.PublicKey, names, "s3cret"u8);
            Assert.Equal("s3cret"u8.ToArray(), Hpke.Open(key, encapsulated, names, ciphertext));
        }
        foreach (var copy in new[]
        {
            text, text.Replace("name: shop", "name: other", StringComparison.Ordinal),
            text.Replace("name: db", "name: mine", StringComparison.Ordinal).Replace("::db$$", "::mine$$", StringComparison.Ordinal),
        })
        {
            var refused = await ExpectRefusalAsync(cas.CreateAsync(copy, TestCas.Bob));
            Assert.Equal(CasReasons.Invalid, refused.Reason);
            Assert.Contains("sealed for another session, creator", Assert.Single(refused.Problems), StringComparison.Ordinal);
        }
        // Nor does Alice's own other session, secret or kind take it.
        foreach (var copy in new[]
        {
            text.Replace("name: shop", "name: other", StringComparison.Ordinal),
            text.Replace("name: db", "name: mine", StringComparison.Ordinal).Replace("::db$$", "::mine$$", StringComparison.Ordinal),
            text.Replace("kind: ascii, sealed", "kind: binary, sealed", StringComparison.Ordinal)
                .Replace("::db$$", "::db:hex$$", StringComparison.Ordinal),
        })
        {
            Assert.Equal(CasReasons.Invalid, await ExpectReasonAsync(cas.CreateAsync(copy)));
        }
        await cas.CreateAsync(text);

        using var another = new TestCas();
        var foreign = await ExpectRefusalAsync(another.CreateAsync(text));
        Assert.Contains("seal them anew", foreign.Detail, StringComparison.Ordinal);
        await another.Secrets.ReadSealingKeyAsync().ValueAsync();
        foreign = await ExpectRefusalAsync(another.CreateAsync(text));
        Assert.Contains("another key than this CAS has", Assert.Single(foreign.Problems), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_key_is_the_same_after_a_restart_and_another_after_a_recovery()
    {
        var rows = new MemoryRowStore();
        byte[] first;
        using (var vault = TestCas.Open(rows))
        {
            var registry = new SecretRegistry(vault, new TestTime());
            first = (await registry.ReadSealingKeyAsync().ValueAsync()).Key;
            Assert.Equal(first, (await registry.ReadSealingKeyAsync().ValueAsync()).Key);
        }
        using (var vault = TestCas.Open(rows))
        {
            Assert.Equal(first, (await new SecretRegistry(vault, new TestTime()).ReadSealingKeyAsync().ValueAsync()).Key);
        }
        // The owners who recover a store have held its key outside an enclave, and with it this one.
        using var old = new StoreKey(new byte[32]);
        using var audit = TestCas.NewAuditKey();
        var held = Rekeying.Rekey(rows, old, audit, TestCas.Rules, new TestTime(), file: null);
        using var recovered = Vault.Open(rows, held, TestCas.NewAuditKey(), TestCas.Rules, new TestTime());
        Assert.NotEqual(first, (await new SecretRegistry(recovered, new TestTime()).ReadSealingKeyAsync().ValueAsync()).Key);
    }

    [Theory]
    [InlineData("{name: db, kind: ascii, sealed: AAAA}", "base64 that")]
    [InlineData("{name: db, kind: ascii, sealed: \"\"}", "base64 that")]
    [InlineData("{name: db, kind: ascii, sealed: AAAA, value: x}", "'value' is not known here")]
    [InlineData("{name: db, kind: ascii, sealed: AAAA, rotation: {every: 1d}}", "'rotation' is not known here")]
    [InlineData("{name: db, kind: x509, sealed: AAAA}", "only a binary")]
    public async Task Malformed_values_are_mistakes(string secret, string expected)
    {
        var refused = await ExpectRefusalAsync(cas.CreateAsync(Session($"  - {secret}\n", "x")));
        Assert.Contains(refused.Problems, problem => problem.Contains(expected, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Sealing_changes_nothing_else_and_says_when_there_is_nothing_to_seal()
    {
        var key = await cas.Secrets.ReadSealingKeyAsync().ValueAsync();
        Assert.Contains("no secret value", SessionSealing.Seal(TestCas.Utf8(TestCas.Session), key, AliceHash).Refusal!.Detail,
            StringComparison.Ordinal);
        Assert.Contains("creator", SessionSealing.Seal(TestCas.Utf8(TestCas.Session), key, "x").Refusal!.Detail, StringComparison.Ordinal);
        Assert.NotEmpty(SessionSealing.Seal("name: ["u8, key, AliceHash).Refusal!.Problems);
        var open = Session("  - {name: db, kind: ascii, value: s3cret}\n", "$$GUARDIAN::db$$");
        Assert.Contains(
            "P-256", SessionSealing.Seal(TestCas.Utf8(open), key with { Key = [1] }, AliceHash).Refusal!.Detail, StringComparison.Ordinal);
        var text = SessionSealing.Seal(TestCas.Utf8(open), key, AliceHash).Value!.Text;
        var start = text.IndexOf("sealed: ", StringComparison.Ordinal);
        Assert.Equal(open, text[..start] + "value: s3cret" + text[text.IndexOf('}', start)..]);
    }

    private static byte[] Hex(string hex) => Convert.FromHexString(hex);

    private static ECDiffieHellman RecipientOfTheRfc()
    {
        var point = Hex(
            "04fe8c19ce0905191ebc298a9245792531f26f0cece2460639e8bc39cb7f706a82"
            + "6a779b4cf969b8a0e539c7f62fb3d30ad6aa8f80e30f1d128aafd68a2ce72ea0");
        return ECDiffieHellman.Create(new ECParameters
        {
            Curve = ECCurve.NamedCurves.nistP256,
            D = Hex("f3ce7fdae57e1a310d87f1ebbde6f328be0a99cdbcadf4d6589cf29de4b8ffd2"),
            Q = new ECPoint { X = point[1..33], Y = point[33..] },
        });
    }

    private static string Session(string secret, string placeholder) => $$"""
        # A session that lies in a public repository.
        name: shop
        services:
          - name: web
            command: serve
            environment:
              DB: "{{placeholder}}"
              KEY: $$GUARDIAN::key:hex$$
            attestation:
              - mrenclave: [{{TestCas.Program.Identity.MrEnclave}}]
            platforms: [simulated]
        secrets:
          - name: key
            kind: binary
            size: 8
            rotation: {every: 30d}

        """ + secret;

    private async Task<string> SealAsync(string text)
    {
        var key = await cas.Secrets.ReadSealingKeyAsync().ValueAsync();
        var (sealedSession, refusal) = SessionSealing.Seal(TestCas.Utf8(text), key, AliceHash);
        Assert.True(refusal is null, $"{refusal?.Detail} {string.Join("; ", refusal?.Problems ?? [])}");
        Assert.Equal(["db"], sealedSession!.Secrets);
        return sealedSession.Text;
    }
}
