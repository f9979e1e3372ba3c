using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Output;

namespace Guardian.Cli.Commands.Kubernetes;

/// <summary><c>guardian kubernetes session</c>.</summary>
internal sealed class KubernetesSessionCommand : LocalCommand
{
    private readonly Argument<string> file = SessionDocumentFile.CreateArgument();
    private readonly Option<string> submission = SubmissionFile.CreateOption();
    private readonly Option<string[]> signatures = new("--signatures")
    {
        Description = "File of signatures by 'guardian session sign', where the policy requires them; repeatable.",
        HelpName = "FILE",
    };
    private readonly Option<string?> name = new("--name")
    {
        Description = "The object's name. Default: made of the session's.",
        HelpName = "NAME",
    };
    private readonly Option<string?> space = new("--namespace")
    {
        Description = "The object's namespace. Default: that of kubectl.",
        HelpName = "NAME",
    };
    private readonly Option<string?> output = new("--output")
    {
        Description = "File to write. Without it, the object is printed.",
        HelpName = "FILE",
    };

    public KubernetesSessionCommand() : base(
        "session", "Write the object by which Kubernetes' operator brings a signed session to its CAS.") =>
        AddSymbols([file, submission, signatures, name, space, output]);

    protected override int Run(ParseResult arguments, Terminal terminal)
    {
        var target = arguments.GetValue(output);
        OutputFile.RequireNew(target);
        var (session, _) = SessionDocumentFile.Load(arguments.GetRequiredValue(file));
        var manifest = new SessionManifest(
            RequireName(arguments.GetValue(name) ?? SessionManifest.NameOf(session.Name)), arguments.GetValue(space) is { } given
                ? RequireName(given) : null,
            session, SubmissionFile.Load(arguments.GetRequiredValue(submission)),
            SessionDocumentFile.ReadSignatures(arguments.GetValue(signatures), "guardian session sign"));
        var text = manifest.Write();
        if (target is not null)
        {
            OutputFile.Write(target, text);
        }
        terminal.Show(
            new KubernetesSessionResult(manifest.Name, session.Name, session.Hash, target, text),
            KubernetesJson.Default.KubernetesSessionResult,
            people => people.Write(target is null ? text : $"{target} is written\n"));
        return ExitCode.Done;
    }

    private static string RequireName(string text) => SessionManifest.IsName(text)
        ? text
        : throw CliReasons.Usage.Refuse($"'{text}' is no name of an object: lower-case letters, digits, '-' and '.'");
}

/// <summary>The result of <c>kubernetes session</c>.</summary>
/// <param name="Name">The object's name.</param>
/// <param name="Session">The session's name.</param>
/// <param name="Hash">The session's hash.</param>
/// <param name="File">The file; null when the object was printed.</param>
/// <param name="Text">The object, YAML.</param>
internal sealed record KubernetesSessionResult(string Name, string Session, string Hash, string? File, string Text);

/// <summary>Source-generated JSON of this group's results.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Strict, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(KubernetesSessionResult))]
[JsonSerializable(typeof(KubernetesGenerateResult))]
[JsonSerializable(typeof(KubernetesVerifyResult))]
internal sealed partial class KubernetesJson : JsonSerializerContext;
