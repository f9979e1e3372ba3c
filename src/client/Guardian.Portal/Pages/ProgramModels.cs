using Guardian.Refusals;

namespace Guardian.Portal.Pages;

/// <summary>A CAS and its sessions.</summary>
public sealed record ProgramsModel
{
    /// <summary>The CAS as the user named it; empty before one is chosen.</summary>
    public required string Cas { get; init; }

    /// <summary>The key's file.</summary>
    public required string Key { get; init; }

    /// <summary>The names that the user trusts, to choose from.</summary>
    public required IReadOnlyList<string> Trusted { get; init; }

    /// <summary>The result of the verification; null before a CAS is chosen.</summary>
    public string? Verified { get; init; }

    /// <summary>The reason for which the CAS does not answer or is not accepted; null for none.</summary>
    public Refusal? Problem { get; init; }

    /// <summary>The sessions at the top; null when the user may not list them.</summary>
    public IReadOnlyList<string>? Names { get; init; }
}

/// <summary>A secret of a session, never its value.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Kind">Its kind.</param>
/// <param name="State">Where its value comes from, and since when.</param>
/// <param name="MaySet">Whether the user may set it.</param>
/// <param name="HasValue">Whether it has a value.</param>
public sealed record SecretRow(string Name, string Kind, string State, bool MaySet, bool HasValue);

/// <summary>A session.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Hash">Its hash.</param>
/// <param name="Text">Its text.</param>
/// <param name="Services">Its services.</param>
/// <param name="Below">The sessions below it.</param>
/// <param name="Secrets">Its secrets.</param>
public sealed record SessionModel(
    string Name, string Hash, string Text, IReadOnlyList<string> Services, IReadOnlyList<string> Below, IReadOnlyList<SecretRow> Secrets);

/// <summary>The judgement of a service about an enclave.</summary>
/// <param name="Service">The service.</param>
/// <param name="IsAdmitted">Whether it would be admitted.</param>
/// <param name="Reasons">The reasons against it.</param>
public sealed record JudgementRow(string Service, bool IsAdmitted, IReadOnlyList<string> Reasons);

/// <summary>The check of a session's text.</summary>
/// <param name="Text">The text.</param>
/// <param name="MrEnclave">The measurement of the dry run; empty for none.</param>
/// <param name="Installed">The measurement of the runtime that is installed here.</param>
/// <param name="Verdict">The result in a sentence; empty before there is a text.</param>
/// <param name="Problems">The mistakes.</param>
/// <param name="Judgements">The dry run.</param>
public sealed record CheckModel(
    string Text, string MrEnclave, string Installed, string Verdict, IReadOnlyList<string> Problems,
    IReadOnlyList<JudgementRow> Judgements)
{
    /// <summary>The CAS that is connected; empty for none.</summary>
    public string Cas { get; init; } = "";
}

/// <summary>A running service, verified.</summary>
/// <param name="Title">The service.</param>
/// <param name="IsAccepted">Whether the session's policy accepts it.</param>
/// <param name="Line">The result in a sentence.</param>
/// <param name="Facts">The facts of its quote.</param>
/// <param name="Checks">The checks of the policy.</param>
public sealed record ServiceModel(
    string Title, bool IsAccepted, string Line, IReadOnlyList<(string Name, string Value)> Facts, IReadOnlyList<string> Checks);

/// <summary>A decrypted log.</summary>
/// <param name="Title">The service.</param>
/// <param name="Output">The program's output.</param>
/// <param name="Errors">Its error stream, lines of other programs, and problems.</param>
/// <param name="Problems">The number of problems.</param>
public sealed record StreamsModel(string Title, string Output, string Errors, int Problems);
