using System.CommandLine;
using System.Security.Cryptography;
using System.Text;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Installation;
using Guardian.Cli.Options;
using Guardian.Cli.Output;
using Guardian.Cli.Sessions;
using Guardian.Sgx;

namespace Guardian.Cli.Commands.Sessions;

/// <summary><c>guardian session init</c>.</summary>
internal sealed class SessionInitCommand : LocalCommand
{
    private readonly Argument<string> program = new("PROGRAM")
    {
        Description = "The program's file, WebAssembly; or its image layout; or a folder of 'guardian program compile'.",
    };
    private readonly Argument<string?> script = new("SCRIPT")
    {
        Description = "A script for the program, an interpreter: the session carries it, and the program gets it as a file and argument.",
        Arity = ArgumentArity.ZeroOrOne,
    };
    private readonly Option<string?> name = new("--name")
    {
        Description = "The session's name. Default: that of the file.",
        HelpName = "NAME",
    };
    private readonly Option<string> output = new("--output")
    {
        Description = "The file to write.",
        DefaultValueFactory = _ => "session.yaml",
        HelpName = "FILE",
    };
    private readonly PolicyOptions policy = new(InstalledProgram.Runtime);

    public SessionInitCommand() : base("init", "Draft a session for a program, with the measurements filled in.") =>
        AddSymbols([program, script, name, output, .. policy.All]);

    protected override int Run(ParseResult arguments, Terminal terminal)
    {
        var (file, path) = (arguments.GetRequiredValue(program), arguments.GetRequiredValue(output));
        OutputFile.RequireNew(path);
        var isCompiled = Directory.Exists(file) && !ImageLayout.IsAt(file);
        var digest = Directory.Exists(file) ? ProgramDigest.Read(file) : HashModule(file);
        var runtime = isCompiled ? InstalledProgram.RuntimeIn(file) : InstalledProgram.Runtime;
        var service = SessionDraft.GuessName(Path.TrimEndingDirectorySeparator(file));
        var session = arguments.GetValue(name) ?? service;
        var draft = new SessionDraft(
            session, service, file, digest, isCompiled, policy.ReadMrEnclave(arguments, runtime).ToString(),
            [.. policy.ReadPlatforms(arguments).Select(platform => platform == PlatformKind.Simulated ? "simulated" : "hardware")],
            arguments.GetValue(script) is { } source ? ScriptDraft.Create(source, InputFile.ReadText(source)) : null);
        var text = draft.Write();
        var (document, _) = SessionDocumentFile.Read(Encoding.UTF8.GetBytes(text), path);
        OutputFile.Write(path, text);
        terminal.Show(
            new SessionInitResult(document.Name, document.Hash, path, service), SessionsJson.Default.SessionInitResult, people =>
            {
                people.WriteLine($"{path} is a session for {file}");
                people.WriteLine($"next: guardian session create {path}, then guardian run --session {session}/{service} {file}");
            });
        return ExitCode.Done;
    }

    private static string HashModule(string file)
    {
        var bytes = InputFile.ReadBytes(file);
        return bytes.AsSpan().StartsWith("\0asm"u8)
            ? Convert.ToHexStringLower(SHA256.HashData(bytes))
            : throw CliReasons.NotAProgram.Refuse($"{file} is no WebAssembly program", "compile it for wasm32-wasi");
    }
}

/// <summary>The result of <c>session init</c>.</summary>
/// <param name="Name">The session's name.</param>
/// <param name="Hash">Its hash.</param>
/// <param name="File">The written file.</param>
/// <param name="Service">The service's name.</param>
internal sealed record SessionInitResult(string Name, string Hash, string File, string Service);
