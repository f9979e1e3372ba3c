using Guardian.Cas.Client.Sessions;

namespace Guardian.Cas.Tests.Sessions;

/// <summary>Forms of SCONE that would mean something else here are refused, and each refusal names the form of this language.</summary>
public sealed class SconeFormsTests
{
    [Theory]
    [InlineData("version: \"0.3.10\"", "must be \"0.3\"")]
    [InlineData("predecessor: ~", "remove the line")]
    [InlineData("namespace_hash: x", "'cas: {identity, owners}'")]
    [InlineData("salt: x", "a comment with random text")]
    [InlineData("security: {attestation: {mode: none}}", "'simulated'")]
    [InlineData("security: {attestation: {mode: maa}}", "'hardware'")]
    [InlineData("security: {attestation: {tolerate: [insecure-igpu]}}", "remove 'insecure-igpu'")]
    [InlineData("security: {attestation: {ignore_advisories: \"*\"}}", "[INTEL-SA-00615]")]
    [InlineData("security: {attestation: {ignore_advisories: [\"*\"]}}", "[INTEL-SA-00615]")]
    [InlineData("security: {singleton_enclaves: true}", "under 'attestation'")]
    [InlineData("services: [{name: s, command: x, mrenclaves: [HASH]}]", "attestation: [{mrenclave: [HEX]}]")]
    [InlineData("services: [{name: s, command: x, fspf_path: /f, ATTESTATION}]", "name it by 'program'")]
    [InlineData("services: [{name: s, command: [x, \"@@1\"], ATTESTATION}]", "host: {arguments: COUNT}")]
    [InlineData("services: [{name: s, command: x @@2, ATTESTATION}]", "host: {arguments: COUNT}")]
    [InlineData("services: [{name: s, command: x, environment: {A: \"@@TZ\"}, ATTESTATION}]", "host: {environment: [TZ]}")]
    [InlineData("services: [{name: s, command: x, environment: {\"@@TZ\": v}, ATTESTATION}]", "host: {environment: [TZ]}")]
    [InlineData("services: [{name: s, command: \"x 'two words'\", ATTESTATION}]", "[program, \"two words\"]")]
    [InlineData("images: [{name: i, provide_secrets: [k]}]", "'injection_files' with 'content'")]
    [InlineData("images: [{name: i, injection_files: [{path: /p, content: c, permission: 0o600}]}]", "mode: \"0600\"")]
    [InlineData("volumes: [{name: v, fspf_key: k}]", "the CAS makes the keys")]
    [InlineData("volumes: [{name: v, files: authenticated-only}]", "protection: authenticated")]
    [InlineData("secrets: [{name: k, kind: private-key, migrate: true}]", "remove the line")]
    [InlineData("secrets: [{name: k, kind: x509, dns: a}]", "san: [\"dns:NAME\"]")]
    [InlineData(
        "secrets: [{name: k, kind: ascii, size: 1, export: [{session: a, volume_alias: b}]}]", "import: {session: NAME, volume: NAME}")]
    [InlineData("secrets: [{name: k, kind: binary, value: 66e7935397249112d1148e6ce98a396a}]", "a binary value is base64")]
    public void A_form_of_SCONE_is_refused_and_the_form_of_this_language_is_named(string line, string expected)
    {
        var text = $"name: forms\naccess_policy: {{create_sessions: [CREATOR]}}\n{line}\n"
            .Replace("ATTESTATION", "attestation: [{mrenclave: [HASH]}]", StringComparison.Ordinal)
            .Replace("[HASH]", $"[{new string('1', 64)}]", StringComparison.Ordinal);
        var problems = SessionDocument.Read(TestCas.Utf8(text)).Refusal?.Problems ?? [];
        Assert.Contains(problems, problem => problem.Contains(expected, StringComparison.Ordinal));
        Assert.DoesNotContain(problems, problem => problem.Contains("is not known here", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("command: [x, \"it's\", \"@1\", \"@@\", \"@@1a\", \"a@@1\"]")]
    [InlineData("command: x --at a@@b.example")]
    [InlineData("command: x\n    environment: {MAIL: a@@b, AT: \"@@\"}")]
    public void Ordinary_texts_are_not_mistaken_for_SCONEs(string command)
    {
        var text = $"name: forms\nservices:\n  - name: s\n    {command}\n    attestation: [{{mrenclave: [{new string('1', 64)}]}}]\n"
            + "secrets:\n  - {name: zeros, kind: binary, value: AAAAAAAAAAAAAAAAAAAAAAAA}\n";
        Assert.Null(SessionDocument.Read(TestCas.Utf8(text)).Refusal);
    }

    [Fact]
    public void A_session_that_an_earlier_release_accepted_stays_readable()
    {
        var text =
            $"name: forms\nservices:\n  - {{name: s, command: \"x 'a b' @@1\", attestation: [{{mrenclave: [{new string('1', 64)}]}}]}}\n"
            + "secrets:\n  - {name: k, kind: binary, value: 66e7935397249112d1148e6ce98a396a}\n";
        Assert.Equal(3, SessionDocument.Read(TestCas.Utf8(text)).Refusal!.Problems.Count);
        Assert.Equal(["x", "'a", "b'", "@@1"], SessionDocument.ReadStored(TestCas.Utf8(text)).Value!.Services.Single().Command);
    }
}
