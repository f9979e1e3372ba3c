using System.Text;
using Guardian.Cas.Client.Sessions;
using Guardian.Cli.Sessions.Differences;

namespace Guardian.Cli.Tests.Sessions;

/// <summary>A comparison says what a new text of a session means.</summary>
public sealed class SessionComparisonTests
{
    private static readonly string Bob = new('b', 64);
    private static readonly string Carol = new('c', 64);

    private static readonly string Text = $$"""
        name: shop
        services:
          - name: web
            command: serve --token $$GUARDIAN::token$$
            attestation: [{mrenclave: [{{new string('1', 64)}}]}]
            program: {{new string('2', 64)}}
            volumes: [{name: data, path: /data}]
            limits: {memory_mib: 512}
            stdio: {readers: [CREATOR]}
        volumes:
          - {name: data}
        secrets:
          - {name: token, kind: ascii, size: 12}
          - {name: key, kind: private-key}
          - {name: certificate, kind: x509, private_key: key}
          - {name: given, kind: ascii, value: sesame-open}
          - {name: spare, kind: binary, size: 8}
        access_policy: {read: [CREATOR], update: [{require-at-least-2: [CREATOR, {{Bob}}, {{Carol}}]}]}

        """;

    [Fact]
    public void The_same_text_has_no_changes() => Assert.Empty(Compare(Text, Text));

    [Theory]
    [InlineData("size: 12", "size: 24", "secrets   'token' IS DRAWN ANEW: its size is 24, not 12")]
    [InlineData("size: 12", "size: 24", "secrets   'spare' keeps its value")]
    [InlineData("size: 12", "size: 12, pinned: true", "secrets   'token' IS DRAWN ANEW: it is pinned to one text of the session")]
    [InlineData("size: 12", "size: 24, rotation: {every: 30d, grace: 1h}", "value of before as token.previous until its grace ends")]
    [InlineData("size: 12", "size: 12, version: 2", "secrets   'token' IS DRAWN ANEW: its version is 2, not 0")]
    [InlineData("size: 12", "value: hello", "secrets   'token' IS EXCHANGED for the given value")]
    [InlineData("size: 12}", "size: 12}\n  - {name: more, kind: ascii, size: 1}", "secrets   'more' is new: the CAS draws it")]
    [InlineData("  - {name: spare, kind: binary, size: 8}\n", "", "secrets - 'spare' is removed: its value is gone for good")]
    [InlineData("kind: private-key", "kind: private-key, version: 1", "secrets   'certificate' IS ISSUED WITH A NEW KEY")]
    [InlineData("memory_mib: 512", "memory_mib: 1024", "secrets   'certificate' is issued again, with the same key")]
    [InlineData("memory_mib: 512", "memory_mib: 1024", "text   services/web/limits/memory_mib: 512 becomes 1024")]
    [InlineData("sesame-open", "sesame-shut", "text   secrets/given/value: another value")]
    [InlineData("size: 8", "size: 8, export_public: true", "secrets + 'spare' goes to EVERYBODY")]
    [InlineData("  - {name: data}", "  - {name: data}\n  - {name: logs}", "volumes   'logs' is new and empty: it has a key of its own")]
    [InlineData("read: [CREATOR]", "read: [ANY]", "access + everybody alone may read the session now")]
    [InlineData("read: [CREATOR]", "read: [CREATOR, BOB]", "access + BOB alone may read the session now")]
    [InlineData("{require-at-least-2: [CREATOR, BOB, CAROL]}", "CREATOR", "access + CREATOR alone may update the session now")]
    [InlineData(
        "{require-at-least-2: [CREATOR, BOB, CAROL]}", "CREATOR", "access - BOB may no longer update the session, even with others")]
    [InlineData("require-at-least-2", "require-at-least-3", "access - to update the session takes 3 at least, not 2")]
    [InlineData("{require-at-least-2: [CREATOR, BOB, CAROL]}", "NONE", "access - NOBODY can ever change the session again")]
    [InlineData("readers: [CREATOR]", "readers: [CREATOR, CAROL]", "access + CAROL alone may read the streams of 'web' now")]
    [InlineData("    limits", "    platforms: [hardware, simulated]\n    limits",
        "admission + 'web' runs on SIMULATED platforms, which protect nothing")]
    [InlineData("    limits", "    debug: true\n    limits", "admission + 'web' admits DEBUG enclaves: their host can read everything")]
    [InlineData("mrenclave: [", "mrenclave: [4444444444444444444444444444444444444444444444444444444444444444, ",
        "they get the secret 'token', the volume 'data'")]
    [InlineData("program: 22", "program: 33", "admission + 'web' runs the program 33")]
    [InlineData("    program: PROGRAM\n", "", "admission + 'web' runs ANY program")]
    [InlineData("    command: serve", "    environment: {S: $$GUARDIAN::spare:hex$$}\n    command: serve",
        "admission + 'web' gets the secret 'spare'")]
    [InlineData("    limits", "    tcb: {statuses: [UpToDate, OutOfDate]}\n    limits",
        "admission + 'web' accepts platforms with the TCB status OutOfDate")]
    [InlineData("    limits", "    host: {arguments: 2, environment: [TZ]}\n    limits", "admission + the host may set TZ for 'web'")]
    [InlineData("name: shop", "name: shop2", "session   'shop2' is another session than 'shop'")]
    [InlineData("name: shop", "name: shop\npredecessor: CAROL", "session   'predecessor' must be")]
    public void A_change_is_told_by_its_meaning(string from, string to, string expected)
    {
        var next = Text.Replace(Spell(from), Spell(to), StringComparison.Ordinal);
        Assert.NotEqual(Text, next);
        var lines = Compare(Text, next).Select(change => $"{change.Area} {change.Effect switch
        {
            SessionChange.More => '+', SessionChange.Less => '-', _ => ' ',
        }} {change.Text}").ToList();
        Assert.True(lines.Any(line => line.Contains(Spell(expected), StringComparison.Ordinal)), string.Join('\n', lines));
        Assert.DoesNotContain(lines, line => line.Contains("sesame", StringComparison.Ordinal));
    }

    private static string Spell(string text) => text.Replace("BOB", Bob, StringComparison.Ordinal)
        .Replace("CAROL", Carol, StringComparison.Ordinal).Replace("PROGRAM", new string('2', 64), StringComparison.Ordinal);

    private static IReadOnlyList<SessionChange> Compare(string before, string after) =>
        SessionComparison.Compare(Read(before), Read(after));

    private static SessionDocument Read(string text)
    {
        var (session, refusal) = SessionDocument.Read(Encoding.UTF8.GetBytes(text));
        Assert.True(session is not null, string.Join('\n', refusal?.Problems ?? []));
        return session;
    }
}
