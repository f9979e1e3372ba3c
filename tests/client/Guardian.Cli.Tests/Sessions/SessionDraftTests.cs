using System.Text;
using Guardian.Cas.Client.Sessions;
using Guardian.Cli.Sessions;
using Guardian.Refusals;

namespace Guardian.Cli.Tests.Sessions;

/// <summary>A draft is a valid session, with its examples and without them.</summary>
public sealed class SessionDraftTests
{
    [Theory]
    [InlineData("hardware")]
    [InlineData("simulated")]
    [InlineData("hardware", "simulated")]
    public void A_draft_is_valid_as_it_is_and_with_its_examples(params string[] platforms)
    {
        var text = new SessionDraft(
            "visits", "visits", "./visits\n.wasm", new string('1', 64), IsCompiled: false, new string('2', 64), platforms).Write();
        Assert.Null(Read(text));
        Assert.Equal(platforms.Contains("simulated"), text.Contains("protects nothing", StringComparison.Ordinal));
        string[] examples =
            ["environment:", "volumes:", "  - {name: data", "stdio:", "host:", "  - name: data", "secrets:", "  - {name: token"];
        var uncommented = string.Join('\n', text.Split('\n').Select(line =>
        {
            var hash = line.IndexOf("# ", StringComparison.Ordinal);
            return hash >= 0 && examples.Any(line[(hash + 2)..].StartsWith) ? line.Remove(hash, 2) : line;
        }));
        Assert.Null(Read(uncommented));
        Assert.Contains("\n    volumes:\n      - {name: data, path: /data}\n", uncommented, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("script.py", "/script.py", "print(1)", "print(1)\n")]
    [InlineData("a/my script'.py", "/my-script-.py", "  if x:\r\n\tpass\r\n", "  if x:\n\tpass\n")]
    [InlineData("s", "/s", "\n\n# a: [b]\n\n- c # d\n\n\n", "\n\n# a: [b]\n\n- c # d\n\n\n")]
    [InlineData("s", "/s", "---\n...\n%x\n'\"{}|>ü", "---\n...\n%x\n'\"{}|>ü\n")]
    public void A_script_is_a_file_and_an_argument_as_it_was_written(string file, string path, string text, string content)
    {
        var draft = new SessionDraft(
            "s", "app", "python", new string('1', 64), IsCompiled: true, new string('2', 64), ["simulated"],
            ScriptDraft.Create(file, text)).Write();
        var service = Assert.Single(SessionDocument.Read(Encoding.UTF8.GetBytes(draft)).Value!.Services);
        Assert.Equal(["app", path], service.Command);
        var injected = Assert.Single(service.Files);
        Assert.Equal((path, content), (injected.Path, injected.Content));
    }

    [Fact]
    public void A_program_is_no_script() =>
        Assert.Throws<RefusedException>(() => ScriptDraft.Create("a.wasm", "\0asm\u0001"));

    [Theory]
    [InlineData("./visits.wasm", "visits")]
    [InlineData("/a/b/my program.1.wasm", "my-program-1")]
    [InlineData("/a/..wasm", "program")]
    [InlineData("ü.wasm", "program")]
    public void The_name_is_guessed_from_the_file(string file, string name) => Assert.Equal(name, SessionDraft.GuessName(file));

    private static string? Read(string text) =>
        SessionDocument.Read(Encoding.UTF8.GetBytes(text)).Refusal is { } refusal ? string.Join('\n', refusal.Problems) : null;
}
