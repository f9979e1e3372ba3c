using System.Security.Cryptography;
using System.Text;
using Guardian.Cas.Client.Protocol;
using Guardian.Cas.Client.Sessions;

namespace Guardian.Cas.Tests.Sessions;

public class SessionDocumentTests
{
    [Fact]
    public void The_example_of_the_specification_is_valid()
    {
        var page = File.ReadAllText(Repository.File("docs", "spec", "session.md"));
        var start = page.IndexOf("```yaml\n", StringComparison.Ordinal) + "```yaml\n".Length;
        var session = Read(page[start..page.IndexOf("```", start, StringComparison.Ordinal)]);
        Assert.Equal(("spring-campaign", 1, 4), (session.Name, session.Services.Count, session.Secrets.Count));
        Assert.Equal("hello"u8.ToArray(), session.Secrets[1].Value!.Value.ToArray());
        Assert.Null(session.Secrets[0].Value);
        Assert.Equal("room", Assert.Single(session.Policies).Service);
        Assert.Equal(2, session.Policies[0].Policy.Identities.Count);
    }

    [Fact]
    public void Commands_are_lists_or_texts_split_at_blanks()
    {
        Assert.Equal(["serve", "--token", "$$GUARDIAN::token$$"], Read(TestCas.Session).Services[0].Command);
        var list = TestCas.Session.Replace(
            "command: serve --token $$GUARDIAN::token$$", "command: [serve, two words]", StringComparison.Ordinal);
        Assert.Equal(["serve", "two words"], Read(list).Services[0].Command);
        Assert.Equal("a/b.c~d_e-f", Read(TestCas.Session.Replace("name: shop", "name: a/b.c~d_e-f", StringComparison.Ordinal)).Name);
    }

    [Theory]
    [InlineData("name: shop", "name: a b", "1:")]
    [InlineData("name: shop", "name: /a", "slash")]
    [InlineData("name: shop", "name: a//b", "slash")]
    [InlineData("name: shop", "named: shop", "name")]
    [InlineData("name: shop", "name: shop\nversion: 9", "0.3")]
    [InlineData("name: shop", "name: shop\npredecessor: abc", "64 lower-case hex digits")]
    [InlineData("name: shop", "name: shop\nvolume: []", "volumes")]
    [InlineData("  - name: web", "  - name: we/b", "3:11")]
    [InlineData("    platforms: [simulated]", "    platforms: [simulated]\n    image: x", "image")]
    [InlineData("$$GUARDIAN::key:hex$$", "$$GUARDIAN::kex:hex$$", "there is no secret 'kex'")]
    [InlineData("$$GUARDIAN::key:hex$$", "$$GUARDIAN::key$$", "needs a format")]
    [InlineData("$$GUARDIAN::key:hex$$", "$$GUARDIAN::key:octal$$", "needs a format")]
    [InlineData("$$GUARDIAN::token$$", "$$GUARDIAN::token:hex$$", "has no formats")]
    [InlineData("$$GUARDIAN::key:hex$$", "$$GUARDIAN::key:hex", "begins a placeholder")]
    [InlineData("kind: binary, size: 16", "kind: binary, size: 0", "4096")]
    [InlineData("kind: binary, size: 16", "kind: binary, size: 5000", "4096")]
    [InlineData("kind: binary, size: 16", "kind: binary", "size")]
    [InlineData("kind: binary, size: 16", "kind: rsa, size: 16", "rsa")]
    [InlineData("kind: binary, size: 16", "kind: binary, value: \"!!\"", "base64")]
    [InlineData("kind: binary, size: 16", "kind: binary, size: 16, value: AAAA", "value")]
    [InlineData("{name: token,", "{name: key,", "'key' appears twice")]
    [InlineData("{name: token,", "{name: to.ken,", "to.ken")]
    [InlineData("secrets:", "volumes: [{name: d, regions: [{path: x}]}]\nsecrets:", "absolute path")]
    [InlineData("    platforms:", "    volumes: [{name: d, path: /d}]\n    platforms:", "there is no volume 'd'")]
    [InlineData("    platforms:", "    image_name: x\n    platforms:", "there is no image 'x'")]
    [InlineData("    platforms:", "    injection_files: [{path: /a/../b, content: x}]\n    platforms:", "absolute path")]
    [InlineData("    platforms:", "    injection_files: [{path: /a, content: x, mode: \"0999\"}]\n    platforms:", "octal")]
    [InlineData("    platforms:", "    network: {listen: [{port: 70000, protocol: plain}]}\n    platforms:", "65535")]
    [InlineData("    platforms:", "    network: {listen: [{port: 443}]}\n    platforms:", "needs a certificate")]
    [InlineData(
        "    platforms:", "    network: {connect: [{host: \"a b\", port: 1, protocol: plain}]}\n    platforms:", "not a name or address")]
    [InlineData(
        "    platforms:", "    network: {connect: [{host: h, port: 1, protocol: attested, service: x}]}\n    platforms:", "no service 'x'")]
    [InlineData("secrets:", "volumes: [{name: d, regions: [{path: /}]}]\nsecrets:", "a folder in the root")]
    [InlineData("secrets:", "volumes: [{name: d, regions: [{path: /a/b}]}]\nsecrets:", "a folder in the root")]
    [InlineData("    platforms:", "    injection_files: [{path: /, content: x}]\n    platforms:", "not a file")]
    [InlineData(
        "    platforms:", "    injection_files: [{path: /a, content: x}, {path: /a/b, content: y}]\n    platforms:", "'/a' is a file")]
    [InlineData("GREETING: hello", "\"A=B\": hello", "no name of a variable")]
    [InlineData("GREETING: hello", "\"\": hello", "no name of a variable")]
    [InlineData("GREETING: hello", "GREETING: \"a\\0b\"", "byte 0")]
    [InlineData(
        "    platforms:", "    network: {listen: [{port: 1, protocol: plain}, {port: 1, protocol: plain}]}\n    platforms:", "port 1")]
    [InlineData("    platforms:", "    program: abc\n    platforms:", "64 lower-case hex digits")]
    [InlineData("    platforms:", "    limits: {memory_mib: 0}\n    platforms:", "memory_mib")]
    [InlineData("secrets:", "secrets:\n  - {name: c, kind: x509, issuer: key}", "not an x509-ca secret")]
    [InlineData("secrets:", "secrets:\n  - {name: c, kind: x509-ca, issuer: c}", "cycle")]
    [InlineData("secrets:", "secrets:\n  - {name: c, kind: x509, san: [mail:x]}", "dns:NAME")]
    [InlineData("secrets:", "secrets:\n  - {name: c, kind: x509, valid_for: 10x}", "span of time")]
    [InlineData("secrets:", "secrets:\n  - {name: c, kind: private-key, value: no}", "PKCS#8")]
    [InlineData("secrets:", "secrets:\n  - {name: c, kind: jwt, private_key: key}", "not a private-key secret")]
    [InlineData("secrets:", "access_policy: {update: [{require-at-least-3: [ANY, NONE]}]}\nsecrets:", "can never hold")]
    [InlineData("secrets:", "access_policy: {update: [everybody]}\nsecrets:", "a key is its SHA-256")]
    [InlineData("secrets:", "security: {attestation: {tolerate: [everything]}}\nsecrets:", "cannot be tolerated")]
    [InlineData("GREETING: hello", "GREETING: $$GUARDIAN::key:bin$$", "not text")]
    public void Each_mistake_is_reported_with_its_place(string old, string replacement, string expected)
    {
        Assert.Contains(old, TestCas.Session, StringComparison.Ordinal);
        var problems = Refuse(TestCas.Session.Replace(old, replacement, StringComparison.Ordinal));
        Assert.Contains(problems, problem => problem.Contains(expected, StringComparison.Ordinal));
        Assert.All(problems, problem => Assert.Matches(@"^\d+:\d+", problem));
    }

    [Theory]
    [InlineData("/", "/etc/app.conf")]
    [InlineData("/data", "/data")]
    [InlineData("/data", "/data/deep/app.conf")]
    public void A_file_that_a_volume_hides_is_reported(string volume, string file)
    {
        string Session(string path) => TestCas.Session
            .Replace("secrets:", "volumes: [{name: d}]\nsecrets:", StringComparison.Ordinal)
            .Replace(
                "    platforms:",
                $"    volumes: [{{name: d, path: {volume}}}]\n    injection_files: [{{path: {path}, content: x}}]\n    platforms:",
                StringComparison.Ordinal);
        Assert.Contains("would not see", Assert.Single(Refuse(Session(file))), StringComparison.Ordinal);
        if (volume != "/")
        {
            Read(Session(volume + "base"));
        }
    }

    [Fact]
    public void A_key_on_a_curve_without_a_name_is_reported()
    {
        using var named = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var explicitly = ECDsa.Create(named.ExportExplicitParameters(includePrivateParameters: true));
        var pem = explicitly.ExportPkcs8PrivateKeyPem().Replace("\n", "\n      ", StringComparison.Ordinal);
        var problems = Refuse(TestCas.Session + $"  - name: given\n    kind: private-key\n    value: |\n      {pem}\n");
        Assert.Contains("PKCS#8", Assert.Single(problems), StringComparison.Ordinal);
    }

    [Fact]
    public void Too_many_services_or_secrets_are_refused()
    {
        var secrets = string.Concat(Enumerable.Range(0, 300).Select(i => $"  - {{name: s{i}, kind: ascii, size: 5}}\n"));
        Assert.Contains("at most 256", Assert.Single(Refuse(TestCas.Session + secrets)), StringComparison.Ordinal);
    }

    private static SessionDocument Read(string text)
    {
        var (session, refusal) = SessionDocument.Read(Encoding.UTF8.GetBytes(text));
        Assert.True(refusal is null, string.Join("; ", refusal?.Problems ?? []));
        return Assert.IsType<SessionDocument>(session);
    }

    private static IReadOnlyList<string> Refuse(string text)
    {
        var (session, refusal) = SessionDocument.Read(Encoding.UTF8.GetBytes(text));
        Assert.Null(session);
        Assert.Equal(CasReasons.Invalid, refusal!.Reason);
        return refusal.Problems;
    }

    [Fact]
    public void A_byte_order_mark_is_part_of_the_hash_and_not_of_the_session()
    {
        byte[] text = [0xEF, 0xBB, 0xBF, .. TestCas.Utf8(TestCas.Session)];
        var session = SessionDocument.Read(text).Value!;
        Assert.Equal("shop", session.Name);
        Assert.Equal(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(text)), session.Hash);
        // The CAS keeps the text, and reads it again.
        Assert.Equal(session.Hash, SessionDocument.Read(TestCas.Utf8(session.Text)).Value!.Hash);
    }

    [Fact]
    public void Thousands_of_unknown_names_are_one_mistake()
    {
        var text = TestCas.Session + string.Concat(Enumerable.Range(0, 60_000).Select(i => $"key{i}: 1\n"));
        var problem = Assert.Single(SessionDocument.Read(TestCas.Utf8(text)).Refusal!.Problems);
        Assert.Contains("more than 20000 names", problem, StringComparison.Ordinal);
    }
}
