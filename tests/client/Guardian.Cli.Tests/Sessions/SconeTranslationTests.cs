using System.Text;
using Guardian.Cas.Client.Sessions;
using Guardian.Cli.Sessions.Scone;
using Guardian.Documents;
using Guardian.Sgx;

namespace Guardian.Cli.Tests.Sessions;

/// <summary>Sessions of SCONE's language are translated, and nothing is weakened on the way.</summary>
public sealed class SconeTranslationTests
{
    private static readonly string Code = new('1', 64);

    [Fact]
    public void Forms_of_public_sessions_become_a_valid_session()
    {
        var (text, notes) = Translate($$"""
            # written for SCONE
            name: data-executor
            version: "0.3.10"
            predecessor: ~
            salt: fa9af327a1100a32fcd1a07e929ec271

            security:
              attestation:
                mode: hardware
                tolerate: [debug-mode, hyperthreading, insecure-igpu, outdated-tcb, software-hardening-needed]
                ignore_advisories: "*"

            services:
               - name: application
                 image_name: application_image
                 mrenclaves: [ "{{Code}}", "{{new string('2', 64)}}" ]
                 command: /usr/bin/python "/app/the main.py" @@1 @@2
                 pwd: /
                 fspf_path: /fspf.pb
                 fspf_key: 66e7935397249112d1148e6ce98a396a8c96b3b0ae70708c16ff284c66f0821e
                 environment:
                    GREETING: hello!
                    "@@TZ": "ignored"
                    ZONE: "@@HOST_ZONE"

            images:
               - name: application_image
                 provide_secrets: [TOKEN]
                 injection_files:
                   - path: /app/cert.pem   # the certificate
                     content: $$SCONE::SERVER_CERT.crt$$
                   - path: /private/key.pem
                     permission: 0o400
                     content: |
                       $$SCONE::SERVER_CERT:privatekey:pkcs8:pem$$
                       $$SCONE::BLOB$$

            volumes:
               - name: state
                 files: authenticated-only
                 fspf_tag: 5a0fe9bdcfed5c0391a707e05f6cfbeb
                 export:
                   session: ../reader
                   session_hash: {{Code}}

            secrets:
               - {name: TOKEN, kind: ascii}
               - {name: BLOB, kind: binary, value: DEADBEEF}
               - name: SERVER_KEY
                 kind: private-key
                 key_type: prime256v1
                 migrate: false
               - {name: CA_KEY, kind: private-key, migrate: true}
               - {name: CA_CERT, kind: x509-ca, private_key: CA_KEY, valid_for: 20 years}
               - name: SERVER_CERT
                 kind: x509
                 private_key: SERVER_KEY
                 issuer: CA_CERT
                 valid_for: 90 days
                 dns: [example.com, db.example.com]

            access_policy:
              read: CREATOR
              update: [CREATOR]
            """);
        var session = Read(text);
        Assert.Equal("data-executor", session.Name);
        var service = session.Services.Single();
        Assert.Equal(["/usr/bin/python", "/app/the main.py"], service.Command);
        Assert.Equal((2, "TZ,ZONE"), (service.Host.Arguments, string.Join(',', service.Host.Environment)));
        Assert.Equal(["GREETING"], service.Environment.Keys);
        Assert.Equal(2, service.Policy.Identities.Single().MrEnclaves.Count);
        Assert.Equal([PlatformKind.Hardware], service.Policy.Platforms);
        Assert.Empty(service.Policy.IgnoredAdvisories);
        Assert.Equal(
            ["$$GUARDIAN::SERVER_CERT:crt$$", "$$GUARDIAN::SERVER_CERT:privatekey$$\n$$GUARDIAN::BLOB:bin$$\n"],
            service.Files.Select(file => file.Content));
        Assert.Equal(0b100_000_000, service.Files[1].Mode);
        Assert.Equal([0xDE, 0xAD, 0xBE, 0xEF], session.Secrets.Single(secret => secret.Name == "BLOB").Value!.Value.ToArray());
        Assert.Equal(20, session.Secrets.Single(secret => secret.Name == "TOKEN").Size);
        Assert.Equal((true, false), (Find("SERVER_KEY").IsPinned, Find("CA_KEY").IsPinned));
        Assert.Equal(["dns:example.com", "dns:db.example.com"], Find("SERVER_CERT").AlternativeNames);
        Assert.Equal((90, 3650), (Find("SERVER_CERT").ValidFor.TotalDays, Find("CA_CERT").ValidFor.TotalDays));
        Assert.Equal("reader", session.Volumes.Single().Exports.Single().Session);
        Assert.DoesNotContain(notes, note => note.Change == SconeChange.Open);
        Assert.DoesNotContain("66e793", text, StringComparison.Ordinal);
        // Comments stay, the salt becomes one, and each change has its note.
        foreach (
            var kept in new[] { "# written for SCONE", "# the certificate", "fa9af327a1100a32fcd1a07e929ec271", "# from-scone, stricter" })
        {
            Assert.Contains(kept, text, StringComparison.Ordinal);
        }

        SessionSecret Find(string name) => session.Secrets.Single(secret => secret.Name == name);
    }

    [Fact]
    public void The_common_forms_are_translated_and_mode_none_becomes_simulated_with_a_loud_note()
    {
        var (text, notes) = Translate($$"""
            name: scone-forms
            version: "0.3.10"
            security:
              attestation:
                mode: none
                tolerate: [insecure-igpu]
                ignore_advisories: "*"
            services:
              - name: s
                mrenclaves: [{{Code}}]
                command: x
            secrets:
              - {name: k, kind: private-key, migrate: true}

            """);
        Assert.Equal([PlatformKind.Simulated], Read(text).Services.Single().Policy.Platforms);
        Assert.Contains(notes, note => note is { Line: 5, Change: SconeChange.Unsafe }
            && note.Text.Contains("PROTECTS NOTHING", StringComparison.Ordinal));
        Assert.Equal([2, 5, 6, 7, 10, 13], notes.Select(note => note.Line).Distinct());
    }

    [Theory]
    [InlineData("service", "platforms: [\"INTEL_QE_ID:85ffc69266c833546e5dca1c676a6151\"]", "single machines")]
    [InlineData("service", "one_time_password_shared_secret: BASE32", "one-time passwords")]
    [InlineData("security", "service_access_token: j765", "token")]
    [InlineData("attestation", "must_be_sgx_local: true", "any machine")]
    [InlineData("attestation", "mode: maa", "DCAP")]
    [InlineData("top", "namespace_hash: 055f5b05f673eafcc6956d680b6a9d5375dcb38dbfdfac8f28af82dda89e7a36", "session above")]
    [InlineData("top", "access_policy: {update: [{require-all: [CREATOR, {signer: 3s1pm8W6Be6cxvAQRbRP5YXd9YuERAr7Ksw}]}]}", "P-256")]
    [InlineData("top", "access_policy: {read: [\"$$SCONE::k$$\"]}", "name the key")]
    [InlineData("secret", "kind: config-fragment", "parts of a policy")]
    [InlineData("secret", "kind: pgp-key", "PGP")]
    [InlineData("secret", "import: {session: a, secret: b, session_hash: c}", "whatever its hash")]
    [InlineData("secret", "import: {session: a, secret: b, cas_url: c, cas_key: d}", "one CAS")]
    [InlineData("secret", "export: [{namespace: a}]", "single sessions")]
    [InlineData("secret", "export: [\"cas.example.com/cas_key=x,session=a\"]", "same CAS")]
    [InlineData("volume", "export: [{to: {session: a}, update_policy: ephemeral}]", "update_policy")]
    [InlineData("image", "injection_files: [/etc/nginx.conf]", "write its text")]
    [InlineData("service", "command: x @@2 @@1", "in their order")]
    [InlineData("variant", "$$SCONE::policy$$", "which code")]
    public void A_restriction_that_is_not_known_here_stays_and_makes_the_session_invalid(string place, string line, string note)
    {
        var (text, notes) = Translate($$"""
            name: restricted
            {{(place == "top" ? line : "#")}}
            security:
              {{(place == "security" ? line : "#")}}
              attestation:
                {{(place == "attestation" ? line : "tolerate: []")}}
            services:
              - name: s
                image_name: i
                {{(place == "service" ? line : "#")}}
                {{(place == "service" && line.StartsWith("command", StringComparison.Ordinal) ? "#" : "command: x")}}
                attestation:
                  - {{(place == "variant" ? line : $"mrenclave: {Code}")}}
            images:
              - name: i
                {{(place == "image" ? line : "#")}}
            volumes:
              - name: v
                {{(place == "volume" ? line : "#")}}
            secrets:
              - name: k
                {{(place == "secret" ? line : "#")}}
                {{(place == "secret" && line.StartsWith("kind", StringComparison.Ordinal) ? "#" : "kind: ascii")}}

            """);
        Assert.Contains(notes, each => each.Change == SconeChange.Open && each.Text.Contains(note, StringComparison.Ordinal));
        Assert.NotNull(SessionDocument.Read(Encoding.UTF8.GetBytes(text)).Refusal);
    }

    [Fact]
    public void An_exact_version_of_a_signer_stays_exact_and_an_absent_one_is_none()
    {
        var (text, _) = Translate($$"""
            name: signed
            services:
              - name: s
                command: x
                attestation:
                  signer: {mrsigner: {{Code}}, isvprodid: 1, isvsvn: 4}
              - name: t
                command: x
                attestation: {signer: {mrsigner: {{Code}}, isvprodid: 2}, mrenclave: {{Code}}}

            """);
        Assert.Contains("isvsvn_min: 4\n", text, StringComparison.Ordinal);
        Assert.Contains("isvsvn_max: 4\n", text, StringComparison.Ordinal);
        Assert.Contains("isvsvn_min: 0", text, StringComparison.Ordinal);
    }

    [Fact]
    public void No_value_becomes_a_line_or_a_comment_of_its_own()
    {
        const string attack = "x\\nsecrets: []\\n# ";
        var (text, notes) = Translate(
            $"name: hostile\nversion: \"{attack}\"\nsalt: \"{attack}\"\nservices:\n  - name: s\n    command: \"{attack} @@1\"\n"
            + $"    environment: {{A: \"{attack}\"}}\n    mrenclaves: \"{attack}\"\n");
        var top = YamlLayout.Read(text, new DocumentProblems())!.Top;
        Assert.Equal(["name", "version", "services"], top.Members!.Select(member => member.Key.Value));
        Assert.DoesNotContain(notes, note => note.Text.Contains('\n', StringComparison.Ordinal));
    }

    [Fact]
    public void Every_session_that_can_be_read_is_translated_and_written_as_it_was_meant()
    {
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        var whole = $$"""
            name: a/b
            version: "0.3.8"
            security: {singleton_enclaves: true, attestation: {mode: none, ignore_advisories: ["*"], tolerate: [debug]} }
            services:
              - name: s # one
                mrenclaves: [{{Code}}]
                attestation: {signer: {mrsigner: {{Code}}, isvprodid: 1, isvsvn: 2} }
                command: x "y z" @@1
                environment: {"@@TZ": "", A: "@@B", C: $$SCONE::k:hex|escape(json)$$}
                platforms: [x]
            images:
              - {name: i, injection_files: [/a, {path: /b, permission: 0o600}], provide_secrets: [k]}
            volumes:
              - {name: v, files: authenticated-only, export: {to: {session: ./c}, volume_alias: d} }
              - {name: w, import: "/session=a,volume=b"}
            secrets:
              - {name: k, kind: binary, value: 00ff}
              - {name: x, kind: x509, dns: d.example, san: "dns:e.example", valid_for: 2 weeks, export: ["/session=a", {namespace: n}]}
              - {name: p, kind: private-key, migrate: false, key_type: secp384r1, export_public: true}
            access_policy: {read: ANY, update: [{require-at-least-2: [CREATOR, {signer: "x"}, "$$SCONE::k$$"]}]}

            """;
        for (var round = 0; round < 1_000; round++)
        {
            var text = new StringBuilder(whole);
            for (var damage = random.Next(1, 4); damage > 0; damage--)
            {
                var at = random.Next(text.Length - 12);
                _ = random.Next(3) switch
                {
                    0 => text.Remove(at, random.Next(1, 12)),
                    1 => text.Insert(at, " \n:-[]{},#\"'|&~@$x"[random.Next(18)]),
                    _ => text.Replace(text[at], text[random.Next(text.Length)], at, 1),
                };
            }
            var problems = new DocumentProblems();
            if (YamlLayout.Read(text.ToString(), problems) is not { } layout)
            {
                continue;
            }
            try
            {
                SconeTranslation.Translate(layout);
            }
            catch (Exception failure)
            {
                Assert.Fail($"seed {seed}: {failure}\n{text}");
            }
        }
    }

    private static SessionDocument Read(string text)
    {
        var (session, refusal) = SessionDocument.Read(Encoding.UTF8.GetBytes(text));
        Assert.True(session is not null, string.Join('\n', refusal?.Problems ?? []) + "\n" + text);
        return session;
    }

    private static (string Text, IReadOnlyList<SconeNote> Notes) Translate(string text)
    {
        var problems = new DocumentProblems();
        var layout = YamlLayout.Read(text, problems);
        Assert.True(layout is not null, string.Join('\n', problems.Items));
        return SconeTranslation.Translate(layout);
    }
}
