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

    /// <summary>The programs that this page started, the newest first.</summary>
    public IReadOnlyList<StartedRow> Started { get; init; } = [];
}

/// <summary>A program that this page started.</summary>
/// <param name="Id">Its short name in addresses.</param>
/// <param name="Service">Its session and service.</param>
/// <param name="Program">Its file.</param>
/// <param name="Log">The file with its streams.</param>
/// <param name="IsRunning">Whether it runs.</param>
/// <param name="ExitStatus">Its exit status; null while it runs.</param>
/// <param name="State">The state in words.</param>
public sealed record StartedRow(
    string Id, string Service, string Program, string Log, bool IsRunning, int? ExitStatus, string State);

/// <summary>A log that grows.</summary>
public sealed record FollowModel
{
    /// <summary>Its short name in addresses.</summary>
    public required string Id { get; init; }

    /// <summary>The session and service whose streams it has.</summary>
    public required string Service { get; init; }

    /// <summary>The file.</summary>
    public required string File { get; init; }

    /// <summary>The end of the program's output.</summary>
    public required string Output { get; init; }

    /// <summary>The end of its error stream, lines of other programs, and problems.</summary>
    public required string Errors { get; init; }

    /// <summary>The number of problems.</summary>
    public required int Problems { get; init; }

    /// <summary>The number of encrypted lines that the user may not read.</summary>
    public required long Sealed { get; init; }

    /// <summary>Whether the beginning is not shown.</summary>
    public required bool IsCut { get; init; }

    /// <summary>Whether the page loads itself again.</summary>
    public required bool IsLive { get; init; }

    /// <summary>The bytes that were read.</summary>
    public required long Read { get; init; }

    /// <summary>The bytes that there are.</summary>
    public required long Size { get; init; }

    /// <summary>The program that writes it; null for one that this page did not start.</summary>
    public required StartedRow? Program { get; init; }
}

/// <summary>A file that may be a log.</summary>
/// <param name="Path">The file.</param>
/// <param name="Name">Its name.</param>
/// <param name="Size">Its size in bytes.</param>
/// <param name="Changed">The last change.</param>
public sealed record LogFileRow(string Path, string Name, long Size, DateTime Changed);

/// <summary>A folder with logs.</summary>
/// <param name="Session">The session whose streams they are to have.</param>
/// <param name="Service">Its service.</param>
/// <param name="Folder">The folder.</param>
/// <param name="Files">Its files, the newest first.</param>
public sealed record LogFolderModel(string Session, string Service, string Folder, IReadOnlyList<LogFileRow> Files);

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
