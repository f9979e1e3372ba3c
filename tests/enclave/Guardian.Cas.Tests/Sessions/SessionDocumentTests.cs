using System.Text;
using Guardian.Cas.Client.Sessions;
using Guardian.Documents;

namespace Guardian.Cas.Tests.Sessions;

public class SessionDocumentTests
{
    [Fact]
    public void The_example_of_the_specification_is_a_session()
    {
        var page = File.ReadAllText(Repository.File("docs", "spec", "session.md"));
        var start = page.IndexOf("```yaml\n", StringComparison.Ordinal) + "```yaml\n".Length;
        var problems = new DocumentProblems();
        var session = SessionDocument.Read(Encoding.UTF8.GetBytes(page[start..page.IndexOf("```", start, StringComparison.Ordinal)]), problems);
        Assert.Empty(problems.Items);
        Assert.Equal(("spring-campaign", 1, 4), (session!.Name, session.Services.Count, session.Secrets.Count));
        Assert.Equal("hello"u8.ToArray(), session.Secrets[1].Value!.Value.ToArray());
        Assert.Null(session.Secrets[0].Value);
        Assert.Equal(2, session.Services[0].Policy.Identities.Count);
    }

    [Fact]
    public void Commands_are_lists_or_texts_split_at_blanks()
    {
        Assert.Equal(["serve", "--token", "$$GUARDIAN::token$$"], Read(TestCas.Session).Services[0].Command);
        Assert.Equal(["serve", "two words"], Read(TestCas.Session.Replace("command: serve --token $$GUARDIAN::token$$", "command: [serve, two words]", StringComparison.Ordinal)).Services[0].Command);
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
    [InlineData("$$GUARDIAN::token$$", "$$GUARDIAN::token:hex$$", "stands as it is")]
    [InlineData("$$GUARDIAN::key:hex$$", "$$GUARDIAN::key:hex", "begins a placeholder")]
    [InlineData("kind: binary, size: 16", "kind: binary, size: 0", "4096")]
    [InlineData("kind: binary, size: 16", "kind: binary, size: 5000", "4096")]
    [InlineData("kind: binary, size: 16", "kind: binary", "size")]
    [InlineData("kind: binary, size: 16", "kind: rsa, size: 16", "rsa")]
    [InlineData("kind: binary, size: 16", "kind: binary, value: \"!!\"", "base64")]
    [InlineData("kind: binary, size: 16", "kind: binary, size: 16, value: AAAA", "value")]
    [InlineData("{name: token,", "{name: key,", "'key' stands twice")]
    [InlineData("{name: token,", "{name: to.ken,", "to.ken")]
    [InlineData("secrets:", "volumes: [{name: d, regions: [{path: x}]}]\nsecrets:", "absolute path")]
    [InlineData("    platforms:", "    volumes: [{name: d, path: /d}]\n    platforms:", "there is no volume 'd'")]
    [InlineData("    platforms:", "    image_name: x\n    platforms:", "there is no image 'x'")]
    [InlineData("    platforms:", "    injection_files: [{path: /a/../b, content: x}]\n    platforms:", "absolute path")]
    [InlineData("    platforms:", "    injection_files: [{path: /a, content: x, mode: \"0999\"}]\n    platforms:", "octal")]
    [InlineData("    platforms:", "    network: {listen: [{port: 70000, protocol: plain}]}\n    platforms:", "65535")]
    [InlineData("    platforms:", "    network: {listen: [{port: 443}]}\n    platforms:", "shows a certificate")]
    [InlineData("    platforms:", "    network: {connect: [{host: \"a b\", port: 1, protocol: plain}]}\n    platforms:", "no name or address")]
    [InlineData("    platforms:", "    network: {connect: [{host: h, port: 1, protocol: attested, service: x}]}\n    platforms:", "no service 'x'")]
    [InlineData("    platforms:", "    program: abc\n    platforms:", "64 lower-case hex digits")]
    [InlineData("    platforms:", "    limits: {memory_mib: 0}\n    platforms:", "memory_mib")]
    [InlineData("secrets:", "secrets:\n  - {name: c, kind: x509, issuer: key}", "no x509-ca secret")]
    [InlineData("secrets:", "secrets:\n  - {name: c, kind: x509-ca, issuer: c}", "circle")]
    [InlineData("secrets:", "secrets:\n  - {name: c, kind: x509, san: [mail:x]}", "dns:NAME")]
    [InlineData("secrets:", "secrets:\n  - {name: c, kind: x509, valid_for: 10x}", "span of time")]
    [InlineData("secrets:", "secrets:\n  - {name: c, kind: private-key, value: no}", "PKCS#8")]
    [InlineData("secrets:", "secrets:\n  - {name: c, kind: jwt, private_key: key}", "no private-key secret")]
    [InlineData("secrets:", "access_policy: {update: [{require-at-least-3: [ANY, NONE]}]}\nsecrets:", "can never hold")]
    [InlineData("secrets:", "access_policy: {update: [whoever]}\nsecrets:", "a key is its SHA-256")]
    [InlineData("secrets:", "security: {attestation: {tolerate: [everything]}}\nsecrets:", "cannot be tolerated")]
    [InlineData("GREETING: hello", "GREETING: $$GUARDIAN::key:bin$$", "no text")]
    public void What_is_wrong_is_said_where_it_stands(string old, string replacement, string expected)
    {
        Assert.Contains(old, TestCas.Session, StringComparison.Ordinal);
        var problems = new DocumentProblems();
        Assert.Null(SessionDocument.Read(Encoding.UTF8.GetBytes(TestCas.Session.Replace(old, replacement, StringComparison.Ordinal)), problems));
        Assert.Contains(problems.Items, problem => problem.ToString().Contains(expected, StringComparison.Ordinal));
        Assert.All(problems.Items, problem => Assert.Matches(@"^\d+:\d+", problem.ToString()));
    }

    [Fact]
    public void More_services_or_secrets_than_are_kept_are_refused()
    {
        var secrets = string.Concat(Enumerable.Range(0, 300).Select(i => $"  - {{name: s{i}, kind: ascii, size: 5}}\n"));
        var problems = new DocumentProblems();
        Assert.Null(SessionDocument.Read(Encoding.UTF8.GetBytes(TestCas.Session + secrets), problems));
        Assert.Contains("at most 256", problems.Items.Single().ToString(), StringComparison.Ordinal);
    }

    private static SessionDocument Read(string text)
    {
        var problems = new DocumentProblems();
        var session = SessionDocument.Read(Encoding.UTF8.GetBytes(text), problems);
        Assert.Empty(problems.Items);
        return session!;
    }
}
