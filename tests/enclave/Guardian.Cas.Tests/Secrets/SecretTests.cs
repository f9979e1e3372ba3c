using System.Buffers.Text;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Secrets;
using static Guardian.Cas.Tests.Outcomes;

namespace Guardian.Cas.Tests.Secrets;

/// <summary>Keys, certificates, tokens, rotation and sharing, as admitted services get them.</summary>
public sealed class SecretTests : IDisposable
{
    private readonly TestCas cas = new();

    public void Dispose() => cas.Dispose();

    [Theory]
    [InlineData("P-256")]
    [InlineData("P-384")]
    [InlineData("RSA-2048")]
    [InlineData("RSA-3072")]
    [InlineData("Ed25519")]
    [Trait("Starts", "processes")]
    public async Task Keys_of_every_type_come_with_their_public_half_and_sign_tokens(string type)
    {
        await cas.CreateAsync(Session(
            $$"""
              - {name: key, kind: private-key, key_type: {{type}}}
              - {name: public, kind: public-key, private_key: key}
              - {name: token, kind: jwt, private_key: key, claims: {iss: guardian, sub: web}, valid_for: 10m}
            """,
            "K: $$GUARDIAN::key:pem$$", "P: $$GUARDIAN::public:pem$$", "T: $$GUARDIAN::token$$"));
        var environment = (await cas.ConfigureAsync()).Environment;
        var parts = environment["T"].Split('.');
        var (header, claims) = (Part(parts[0]), Part(parts[1]));
        Assert.Equal(("guardian", "web", cas.Time.Now.ToUnixTimeSeconds() + 600),
            ((string?)claims["iss"], (string?)claims["sub"], (long)claims["exp"]!));
        var (content, signature) = (Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), Base64Url.DecodeFromChars(parts[2]));
        switch ((string?)header["alg"])
        {
            case "EdDSA":
                Assert.Equal("Ed25519", type);
                Assert.True(await OpenSslVerifiesAsync(environment["P"], content, signature));
                break;
            case "RS256":
                using (var rsa = RSA.Create())
                {
                    rsa.ImportFromPem(environment["P"]);
                    Assert.True(rsa.VerifyData(content, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
                    Assert.Equal(type, $"RSA-{rsa.KeySize}");
                    rsa.ImportFromPem(environment["K"]);
                }
                break;
            case var algorithm:
                using (var ecdsa = ECDsa.Create())
                {
                    ecdsa.ImportFromPem(environment["P"]);
                    Assert.True(
                        ecdsa.VerifyData(content, signature, algorithm == "ES384" ? HashAlgorithmName.SHA384 : HashAlgorithmName.SHA256));
                    ecdsa.ImportFromPem(environment["K"]);
                }
                break;
        }
    }

    [Fact]
    public void Ed25519_follows_the_vectors_of_its_rfc()
    {
        // RFC 8032, 7.1, test 2.
        var seed = Convert.FromHexString("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
        Assert.Equal(
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", Convert.ToHexStringLower(Ed25519.PublicKeyOf(seed)));
        Assert.Equal(
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
            + "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
            Convert.ToHexStringLower(Ed25519.Sign(seed, [0x72])));
    }

    [Theory]
    [InlineData("P-256", "P-256")]
    [InlineData("P-384", "RSA-2048")]
    [InlineData("Ed25519", "P-256")]
    public async Task Certificates_chain_to_their_authority_and_serve_their_purpose(string authorityType, string type)
    {
        await cas.CreateAsync(Session(
            $$"""
              - {name: root, kind: x509-ca, common_name: Root, key_type: {{authorityType}}}
              - {name: middle, kind: x509-ca, issuer: root, common_name: Middle, key_type: P-256}
              - {name: server, kind: x509, issuer: middle, key_type: {{type}}, endpoint: server,
                 san: ["dns:shop.example", "ip:127.0.0.1"], valid_for: 30d}
            """,
            "C: $$GUARDIAN::server:chain$$", "K: $$GUARDIAN::server:privatekey$$", "R: $$GUARDIAN::root:crt$$"));
        var environment = (await cas.ConfigureAsync()).Environment;
        var chain = new X509Certificate2Collection();
        chain.ImportFromPem(environment["C"]);
        Assert.Equal(2, chain.Count);
        using var root = X509Certificate2.CreateFromPem(environment["R"]);
        using var server = X509Certificate2.CreateFromPem(environment["C"], environment["K"]);
        Assert.True(server.MatchesHostname("shop.example"));
        Assert.Equal(cas.Time.Now.AddDays(30), server.NotAfter.ToUniversalTime());
        using var verifier = new X509Chain
        {
            ChainPolicy = { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck,
                VerificationTime = cas.Time.Now.UtcDateTime },
        };
        verifier.ChainPolicy.CustomTrustStore.Add(root);
        verifier.ChainPolicy.ExtraStore.AddRange(chain);
        verifier.ChainPolicy.ApplicationPolicy.Add(new Oid("1.3.6.1.5.5.7.3.1"));
        Assert.True(verifier.Build(server), string.Join("; ", verifier.ChainStatus.Select(status => status.StatusInformation)));
    }

    [Fact]
    public async Task A_certificate_is_renewed_in_time_and_keeps_its_key()
    {
        await cas.CreateAsync(
            Session("  - {name: server, kind: x509, valid_for: 30d}", "C: $$GUARDIAN::server:crt$$", "K: $$GUARDIAN::server:privatekey$$"));
        var first = (await cas.ConfigureAsync()).Environment;
        cas.Time.Now += TimeSpan.FromDays(19);
        Assert.Equal(first, (await cas.ConfigureAsync()).Environment);
        cas.Time.Now += TimeSpan.FromDays(2);
        var second = (await cas.ConfigureAsync()).Environment;
        Assert.Equal((first["K"], false), (second["K"], first["C"] == second["C"]));
        cas.Reopen();
        Assert.Equal(second, (await cas.ConfigureAsync()).Environment);
    }

    [Fact]
    public async Task A_secret_rotates_by_age_and_its_previous_value_stays_for_the_grace()
    {
        await cas.CreateAsync(
            Session("  - {name: key, kind: binary, size: 8, rotation: {every: 30d, grace: 2h}}", "K: $$GUARDIAN::key:hex$$",
            "P: \"[$$GUARDIAN::key.previous:hex$$]\""));
        var first = (await cas.ConfigureAsync()).Environment;
        Assert.Equal("[]", first["P"]);
        cas.Time.Now += TimeSpan.FromDays(31);
        var second = (await cas.ConfigureAsync()).Environment;
        Assert.Equal((false, $"[{first["K"]}]"), (first["K"] == second["K"], second["P"]));
        cas.Time.Now += TimeSpan.FromHours(3);
        Assert.Equal((second["K"], "[]"), ((await cas.ConfigureAsync()).Environment["K"], (await cas.ConfigureAsync()).Environment["P"]));
    }

    [Fact]
    public async Task A_raised_version_rotates_at_once()
    {
        var session = Session(
            "  - {name: key, kind: private-key, version: 1, rotation: {grace: 1h}}", "K: $$GUARDIAN::key:base64$$",
            "P: $$GUARDIAN::key.previous:base64$$");
        await cas.CreateAsync(session);
        var first = (await cas.ConfigureAsync()).Environment["K"];
        await cas.UpdateAsync(
            "shop", $"predecessor: {TestCas.Hash(session)}\n{session.Replace("version: 1", "version: 2", StringComparison.Ordinal)}");
        var second = (await cas.ConfigureAsync()).Environment;
        Assert.Equal((false, first), (first == second["K"], second["P"]));
    }

    [Fact]
    public async Task A_secret_and_a_volume_reach_only_the_sessions_they_are_exported_to()
    {
        var owner = Session("  - {name: key, kind: binary, size: 16, export: [{session: other, creator: BOB}]}", "K: $$GUARDIAN::key:hex$$")
            .Replace("secrets:", "volumes:\n  - {name: data, export: [{session: other, creator: BOB}]}\nsecrets:", StringComparison.Ordinal)
            .Replace("    platforms:", "    volumes: [{name: data, path: /data}]\n    platforms:", StringComparison.Ordinal);
        var importer = Session("  - {name: theirs, kind: binary, import: {session: shop, secret: key}}", "K: $$GUARDIAN::theirs:hex$$")
            .Replace("secrets:", "volumes:\n  - {name: shared, import: {session: shop, volume: data}}\nsecrets:", StringComparison.Ordinal)
            .Replace("    platforms:", "    volumes: [{name: shared, path: /mnt}]\n    platforms:", StringComparison.Ordinal);
        owner = owner.Replace("BOB", KeyHash.Of(TestCas.Bob), StringComparison.Ordinal);
        await cas.CreateAsync(importer.Replace("name: shop", "name: other", StringComparison.Ordinal), TestCas.Bob);
        await cas.CreateAsync(owner);
        await cas.CreateAsync(importer.Replace("name: shop", "name: third", StringComparison.Ordinal), TestCas.Bob);
        var (own, imported) = (await cas.ConfigureAsync(), await cas.ConfigureAsync("other"));
        Assert.Equal(own.Environment["K"], imported.Environment["K"]);
        Assert.Equal(own.Volumes[0].Key, imported.Volumes[0].Key);
        Assert.Contains("does not export", (await ExpectRefusalAsync(cas.ConfigureAsync("third"))).Detail, StringComparison.Ordinal);

        // A volume has one tag, which both sessions move.
        var change = new TagChange("other", "shared", null, new byte[32]);
        Assert.True((await cas.Admissions.SetTagAsync(change, cas.Certificate(TestCas.Program, "other")).ValueAsync()).Moved);
        Assert.Equal(new byte[32], (await cas.Admissions.ReadTagAsync("shop", "data", cas.Certificate(TestCas.Program)).ValueAsync()).Tag);
    }

    [Fact]
    public async Task A_name_that_a_stranger_took_imports_nothing()
    {
        // A naive CAS compares the name alone. Bob took the name that Alice will export to.
        var importer = Session("  - {name: theirs, kind: binary, import: {session: shop, secret: key}}", "K: $$GUARDIAN::theirs:hex$$")
            .Replace("name: shop", "name: other", StringComparison.Ordinal);
        var owner = Session("  - {name: key, kind: binary, size: 16, export: [{session: other}]}", "K: $$GUARDIAN::key:hex$$");
        Assert.Contains("create it first", (await ExpectRefusalAsync(cas.CreateAsync(owner))).Detail, StringComparison.Ordinal);
        await cas.CreateAsync(importer, TestCas.Bob);
        Assert.Contains("admits nobody", (await ExpectRefusalAsync(cas.CreateAsync(owner))).Detail, StringComparison.Ordinal);

        // The exporter's own session needs no more than its name.
        await cas.CreateAsync(importer.Replace("name: other", "name: mine", StringComparison.Ordinal));
        await cas.CreateAsync(owner.Replace("session: other", "session: mine", StringComparison.Ordinal));
        Assert.Equal((await cas.ConfigureAsync()).Environment["K"], (await cas.ConfigureAsync("mine")).Environment["K"]);
        Assert.Contains("does not export", (await ExpectRefusalAsync(cas.ConfigureAsync("other"))).Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("export_public: true", false)]
    [InlineData("export: [{session: other, creator: BOB}]", false)]
    [InlineData("export: [{session: other, session_hash: HASH}]", false)]
    [InlineData("export: [{session: other, session_hash: HASH, private_key: true}]", true)]
    public async Task An_exported_certificate_brings_its_private_key_only_to_a_named_hash(string export, bool hasKey)
    {
        string Importer(string name, string variable) =>
            Session("  - {name: theirs, kind: x509-ca, import: {session: shop, secret: root}}", variable)
                .Replace("name: shop", $"name: {name}", StringComparison.Ordinal);
        await cas.CreateAsync(Importer("public", "C: $$GUARDIAN::theirs:crt$$"), TestCas.Bob);
        var other = await cas.CreateAsync(Importer("other", "C: $$GUARDIAN::theirs:privatekey$$"), TestCas.Bob);
        await cas.CreateAsync(Session(
            $"  - {{name: root, kind: x509-ca, {export.Replace("HASH", other.Hash, StringComparison.Ordinal)}}}"
                .Replace("BOB", KeyHash.Of(TestCas.Bob), StringComparison.Ordinal),
            "C: $$GUARDIAN::root:privatekey$$"));
        if (hasKey)
        {
            Assert.Equal((await cas.ConfigureAsync()).Environment["C"], (await cas.ConfigureAsync("other")).Environment["C"]);
            return;
        }
        Assert.Contains(
            "without its private key", (await ExpectRefusalAsync(cas.ConfigureAsync("other"))).Detail, StringComparison.Ordinal);
        if (export.StartsWith("export_public", StringComparison.Ordinal))
        {
            Assert.StartsWith("-----BEGIN CERTIFICATE", (await cas.ConfigureAsync("public")).Environment["C"], StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task An_import_has_the_kind_of_its_export()
    {
        // A certificate's key must not leave as the bytes of something else.
        await cas.CreateAsync(Session("  - {name: key, kind: private-key}\n  - {name: root, kind: x509-ca, export_public: true}", "A: b"));
        await cas.CreateAsync(
            Session("  - {name: theirs, kind: private-key, import: {session: shop, secret: root}}", "K: $$GUARDIAN::theirs:pem$$")
                .Replace("name: shop", "name: other", StringComparison.Ordinal), TestCas.Bob);
        Assert.Contains("does not export", (await ExpectRefusalAsync(cas.ConfigureAsync("other"))).Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", true)]
    [InlineData(", pinned: true", false)]
    public async Task A_changed_session_has_another_pinned_secret(string pin, bool isKept)
    {
        // Without the pin, the creator adds a service that prints the value which the first text kept to itself.
        var before = Session($"  - {{name: key, kind: binary, size: 16{pin}}}", "K: $$GUARDIAN::key:hex$$");
        var created = await cas.CreateAsync(before);
        var first = await cas.ConfigureAsync();
        Assert.Equal(first.Environment["K"], (await cas.ConfigureAsync()).Environment["K"]);
        Assert.Equal(isKept ? [] : ["K"], first.PinnedVariables);
        Assert.False(first.IsImmutable);

        // Neither does the value survive as an unpinned secret, nor as the previous value of a rotated one.
        foreach (var later in new[] { pin, "", ", rotation: {every: 30d, grace: 1h}" })
        {
            var text = Session(
                $"  - {{name: key, kind: binary, size: 16{later}}}", "K: $$GUARDIAN::key:hex$$", "P: $$GUARDIAN::key.previous:hex$$");
            created = await cas.UpdateAsync("shop", $"predecessor: {created.Hash}\n{text}");
            var environment = (await cas.ConfigureAsync()).Environment;
            Assert.Equal(isKept, environment.Values.Contains(first.Environment["K"]));
        }
    }

    [Fact]
    public async Task An_immutable_session_is_one_that_nobody_may_update()
    {
        var text = "access_policy: {update: [NONE]}\n"
            + Session("  - {name: key, kind: binary, size: 16, pinned: true}", "K: $$GUARDIAN::key:hex$$", "N: no secret");
        var created = await cas.CreateAsync(text);
        var configuration = await cas.ConfigureAsync();
        Assert.True(configuration.IsImmutable);
        Assert.Equal(["K"], configuration.PinnedVariables);
        Assert.Contains(
            "not updated",
            (await ExpectRefusalAsync(cas.UpdateAsync("shop", $"predecessor: {created.Hash}\n{text}"))).Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Network_and_limits_arrive_as_they_were_written()
    {
        await cas.CreateAsync(Session(
            """
              - {name: root, kind: x509-ca}
              - {name: server, kind: x509, issuer: root, endpoint: both}
            """,
            "A: b").Replace("    platforms:", """
                stdio: {readers: [ANY]}
                limits: {cpu_seconds: 60, memory_mib: 64}
                host: {arguments: 2, environment: [TZ]}
                program: 2222222222222222222222222222222222222222222222222222222222222222
                network:
                  listen: [{port: 8443, identity: server, client_ca: root}, {port: 80, protocol: plain}]
                  connect: [{host: db.example, port: 5432, ca: root}, {host: peer.example, port: 9, protocol: attested, service: web}]
                platforms:
            """, StringComparison.Ordinal));
        var configuration = await cas.ConfigureAsync();
        var network = configuration.Network;
        Assert.Equal([NetworkProtocol.Tls, NetworkProtocol.Plain], network.Listen.Select(each => each.Protocol));
        Assert.StartsWith("-----BEGIN PRIVATE KEY", network.Listen[0].PrivateKey, StringComparison.Ordinal);
        Assert.Equal(network.Listen[0].ClientAuthorities, network.Connect[0].Authorities);
        Assert.Equal(new PeerService("shop", "web", null), Assert.Single(network.Connect[1].Peers!));
        Assert.Equal((60, 64, 2, "TZ"),
            (configuration.Limits.CpuSeconds, configuration.Limits.MemoryMiB, configuration.Host.Arguments,
            Assert.Single(configuration.Host.Environment)));
        Assert.Equal(configuration.Stdio.Key, (await cas.Sessions.ReadStdioKeyAsync("shop", "web", TestCas.Bob).ValueAsync()).Key);
    }

    private static JsonNode Part(string part) => JsonNode.Parse(Base64Url.DecodeFromChars(part))!;

    private static string Session(string secrets, params string[] environment)
    {
        var start = TestCas.Session.IndexOf("    command:", StringComparison.Ordinal);
        var end = TestCas.Session.IndexOf("    attestation:", StringComparison.Ordinal);
        return TestCas.Session[..start] + "    command: serve\n    environment:\n"
            + string.Concat(environment.Select(line => $"      {line}\n"))
            + TestCas.Session[end..TestCas.Session.IndexOf("  - {name: key,", StringComparison.Ordinal)] + secrets + "\n";
    }

    // An independent implementation; the base library has none.
    private static async Task<bool> OpenSslVerifiesAsync(string publicKey, byte[] content, byte[] signature)
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllBytesAsync(folder.File("content"), content);
        await File.WriteAllBytesAsync(folder.File("signature"), signature);
        using var process = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("openssl")
        {
            ArgumentList = { "pkeyutl", "-verify", "-pubin", "-inkey", folder.Write("key.pem", publicKey), "-rawin", "-in",
                folder.File("content"), "-sigfile", folder.File("signature") },
            RedirectStandardOutput = true,
        })!;
        await process.WaitForExitAsync();
        return process.ExitCode == 0;
    }
}
