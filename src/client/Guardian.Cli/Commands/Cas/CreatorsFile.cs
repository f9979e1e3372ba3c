using System.CommandLine;
using Guardian.Cas.Client.Owners;
using Guardian.Cli.Inputs;
using Guardian.Refusals;

namespace Guardian.Cli.Commands.Cas;

/// <summary>Reads the owners' rules for creators of sessions, as <c>cas creators propose</c> writes them.</summary>
internal static class CreatorsFile
{
    /// <summary>The argument that names the file.</summary>
    public static Argument<string> CreateArgument() => new("FILE")
    {
        Description = "The rules, as 'guardian cas creators propose' wrote them.",
    };

    /// <summary>Reads rules.</summary>
    /// <exception cref="RefusedException">The file is missing, or holds no rules.</exception>
    public static (CreationRules Rules, byte[] Bytes) Load(string path)
    {
        var bytes = InputFile.ReadBytes(path);
        var (rules, refusal) = CreationRules.Read(bytes);
        return rules is not null
            ? (rules, bytes)
            : throw new RefusedException(refusal! with
            {
                Detail = $"{path}: {refusal.Detail}", Problems = [.. refusal.Problems.Select(problem => $"{path}:{problem}")],
            });
    }
}

/// <summary>The result of the commands about rules for creators.</summary>
/// <param name="Create">Those who create sessions at the top level.</param>
/// <param name="Sessions">Sessions of one key at a time.</param>
/// <param name="Names">Names of one key, also of deleted sessions.</param>
/// <param name="Bytes">Bytes of one key.</param>
/// <param name="Keys">Keys of one key's sessions.</param>
/// <param name="Hash">The hash of the rules; null when the owners made none.</param>
internal sealed record CreatorsResult(string Create, int Sessions, int Names, long Bytes, int Keys, string? Hash)
{
    /// <summary>Shows rules.</summary>
    /// <param name="rules">The rules; null when the owners made none.</param>
    public static CreatorsResult Of(CreationRules? rules)
    {
        var quota = rules?.Quota ?? CreatorQuota.Default;
        return new CreatorsResult(rules?.Create ?? "ANY", quota.Sessions, quota.Names, quota.Bytes, quota.Keys, rules?.Hash);
    }

    /// <summary>The facts, for people.</summary>
    public (string, string)[] Facts =>
    [
        ("create at the top", Create),
        ("one key keeps", $"{Sessions} sessions, {Names} names, {Bytes} bytes, {Keys} keys"),
        ("hash", Hash ?? "none: the owners made no rules"),
    ];
}
