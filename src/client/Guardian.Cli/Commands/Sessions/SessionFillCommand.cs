using System.CommandLine;
using System.Text;
using Guardian.Attestation.Launch;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Installation;
using Guardian.Cli.Options;
using Guardian.Cli.Output;
using Guardian.Cli.Sessions;

namespace Guardian.Cli.Commands.Sessions;

/// <summary><c>guardian session fill</c>.</summary>
internal sealed class SessionFillCommand : CliCommand
{
    private readonly Argument<string> file = SessionDocumentFile.CreateArgument();
    private readonly TemplateOptions template = new();
    private readonly Option<string?> output = new("--output")
    {
        Description = "The new file to write. Without it, the session's own file is changed.",
        HelpName = "FILE",
    };
    private readonly Option<bool> predecessor = new("--predecessor")
    {
        Description = "Also write the hash of the session that the CAS has, for an update.",
    };
    private readonly CasOptions cas = CasOptions.WithOption(isRequired: false);

    public SessionFillCommand() : base(
        "fill", "Replace the names of programs and enclaves in a session by their hashes; nothing else of the text changes.") =>
        AddSymbols([file, output, predecessor, .. template.All, .. cas.All]);

    protected override async Task<int> RunAsync(ParseResult arguments, Terminal terminal, CancellationToken cancellation)
    {
        var path = arguments.GetRequiredValue(file);
        var target = arguments.GetValue(output);
        OutputFile.RequireNew(target);
        var text = template.LoadText(arguments, path);
        // Files are named as seen from the session's file.
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        var filling = new SessionFilling(word => ProgramDigest.Read(Path.Combine(folder, word)), word => Measure(folder, word));
        Func<string, Task<string>>? find = !arguments.GetValue(predecessor) ? null : name => cas.UseAsync(
            arguments, async client => (await client.ReadAsync(name, cancellation).ConfigureAwait(false)).Hash);
        var (filled, values) = await filling.FillAsync(text, path, find).ConfigureAwait(false);
        var bytes = Encoding.UTF8.GetBytes(filled);
        var (session, _) = SessionDocumentFile.Read(bytes, path);
        if (target is not null)
        {
            OutputFile.Write(target, bytes);
        }
        else if (filled != SessionDocumentFile.ReadText(path))
        {
            OutputFile.Replace(path, bytes);
        }
        terminal.Show(
            new SessionFillResult(session.Name, session.Hash, target ?? path, values), SessionsJson.Default.SessionFillResult, people =>
            {
                foreach (var value in values)
                {
                    people.WriteLine($"{value.Member} {(value.From is null ? "" : $"{value.From} ")}is {value.To}");
                }
                people.WriteLine($"{target ?? path} is a valid session");
                people.WriteLine($"hash {session.Hash}");
            });
        return ExitCode.Done;
    }

    private static string Measure(string folder, string word)
    {
        if (InstalledProgram.All.FirstOrDefault(program => program.Name == word) is { } installed)
        {
            return installed.Measure().ToString();
        }
        var path = Path.Combine(folder, word);
        if (Directory.Exists(path))
        {
            return EnclaveProcess.Measure(path).ToString();
        }
        return EnclaveFile.Read(path) is [var only] && only.Problem is null
            ? only.MrEnclave.ToString()
            : throw CliReasons.NoEnclave.Refuse(
                $"{path} has several enclaves, or a signature that does not fit", "guardian enclave measure shows them; write one's hash");
    }
}

/// <summary>The result of <c>session fill</c>.</summary>
/// <param name="Name">The session's name.</param>
/// <param name="Hash">Its hash with the values.</param>
/// <param name="File">The written file.</param>
/// <param name="Values">The values that were filled in.</param>
internal sealed record SessionFillResult(string Name, string Hash, string File, IReadOnlyList<FilledValue> Values);
