using Guardian.CleanRoom.Analyses;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Room;
using Guardian.Refusals;

namespace Guardian.Portal.Pages;

/// <summary>A room in the list.</summary>
/// <param name="Id">Its short name in addresses.</param>
/// <param name="Name">Its name.</param>
/// <param name="File">The contract's file.</param>
/// <param name="Member">The user's member; null when no key of the folder is a member's.</param>
/// <param name="Waits">The things that wait for the user, one clause each.</param>
/// <param name="State">The state in a word or two.</param>
/// <param name="IsDraft">Whether it is only a draft of a member's part.</param>
public sealed record RoomRow(
    string Id, string Name, string File, string? Member, IReadOnlyList<string> Waits, string State, bool IsDraft);

/// <summary>The list of rooms.</summary>
/// <param name="Rooms">The rooms and drafts.</param>
/// <param name="Home">The folder in which new rooms get theirs.</param>
public sealed record RoomListModel(IReadOnlyList<RoomRow> Rooms, string Home);

/// <summary>The head of each page of a room.</summary>
/// <param name="Id">Its short name in addresses.</param>
/// <param name="Name">The room's name.</param>
/// <param name="Member">The user's member; null for none.</param>
/// <param name="Tab">The page.</param>
/// <param name="IsSimulated">Whether the contract accepts simulated platforms.</param>
/// <param name="MayAsk">Whether the contract lets the member ask.</param>
/// <param name="MayRead">Whether the contract lets the member read answers.</param>
/// <param name="IsSigned">Whether all members have signed, so that there can be a room.</param>
public sealed record RoomHead(
    string Id, string Name, string? Member, string Tab, bool IsSimulated, bool MayAsk, bool MayRead, bool IsSigned);

/// <summary>The verification of a room's enclave.</summary>
/// <param name="IsVerified">Whether it holds.</param>
/// <param name="Line">The result in one sentence.</param>
/// <param name="Facts">The facts behind it.</param>
/// <param name="Checks">The checks of the contract's policy.</param>
public sealed record AttestationModel(
    bool IsVerified, string Line, IReadOnlyList<(string Name, string Value)> Facts, IReadOnlyList<string> Checks);

/// <summary>A member and its signature.</summary>
/// <param name="Name">The member.</param>
/// <param name="HasSigned">Whether the signature is there.</param>
/// <param name="IsMine">Whether an unlocked key of the folder is this member's.</param>
public sealed record SignatureRow(string Name, bool HasSigned, bool IsMine);

/// <summary>A key in the folder of a room.</summary>
/// <param name="Path">The file.</param>
/// <param name="Member">Its member; null while it is locked.</param>
public sealed record KeyRow(string Path, string? Member);

/// <summary>The overview of a room.</summary>
public sealed record RoomSheetModel
{
    /// <summary>The head.</summary>
    public required RoomHead Head { get; init; }

    /// <summary>The contract.</summary>
    public required RoomContract Contract { get; init; }

    /// <summary>Its hash, lower-case hex.</summary>
    public required string Hash { get; init; }

    /// <summary>Its file.</summary>
    public required string File { get; init; }

    /// <summary>Its text.</summary>
    public required string Text { get; init; }

    /// <summary>The members and their signatures.</summary>
    public required IReadOnlyList<SignatureRow> Signatures { get; init; }

    /// <summary>The problems of the signatures; empty when all is well.</summary>
    public required IReadOnlyList<string> Problems { get; init; }

    /// <summary>The meaning of the rules, one sentence each.</summary>
    public required IReadOnlyList<string> Protection { get; init; }

    /// <summary>Consequences that members should know.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }

    /// <summary>The contracts in the folder that succeed this one.</summary>
    public required IReadOnlyList<SuccessorRow> Successors { get; init; }

    /// <summary>The differences from the contract before; null when there is none.</summary>
    public required IReadOnlyList<string>? Differences { get; init; }

    /// <summary>The member's keys in the folder.</summary>
    public required IReadOnlyList<KeyRow> Keys { get; init; }

    /// <summary>The files that partners need, by name.</summary>
    public required IReadOnlyList<string> Files { get; init; }

    /// <summary>The address of the room; empty when it is not known.</summary>
    public required string Address { get; init; }

    /// <summary>The verification; null when no address is known, or the contract is not signed.</summary>
    public required AttestationModel? Attestation { get; init; }

    /// <summary>Whether this computer runs the room.</summary>
    public required bool IsHosted { get; init; }

    /// <summary>Whether the folder has the state of a CAS, which this computer can run.</summary>
    public required bool HasCas { get; init; }

    /// <summary>Whether all have signed.</summary>
    public bool IsSigned => Problems.Count == 0;
}

/// <summary>A contract that succeeds another one.</summary>
/// <param name="Id">Its short name in addresses.</param>
/// <param name="Version">Its version.</param>
/// <param name="IsSigned">Whether all members have signed.</param>
/// <param name="HasTakenOver">Whether the room before was handed over to it.</param>
public sealed record SuccessorRow(string Id, int Version, bool IsSigned, bool HasTakenOver);

/// <summary>A contract whose file has mistakes.</summary>
/// <param name="Id">Its short name in addresses.</param>
/// <param name="File">The file.</param>
/// <param name="Text">Its text.</param>
/// <param name="Problems">The mistakes, each with its line and column.</param>
public sealed record BrokenContractModel(string Id, string File, string Text, IReadOnlyList<string> Problems);

/// <summary>A decision of a draft's owner.</summary>
/// <param name="Index">Its place among the decisions of the draft.</param>
/// <param name="Question">The question, for people.</param>
/// <param name="Hint">The reason or an example.</param>
/// <param name="Choices">The answers to choose from; empty for free text.</param>
/// <param name="Default">The answer that is chosen at first.</param>
public sealed record DraftDecision(
    int Index, string Question, string Hint, IReadOnlyList<(string Value, string Words)> Choices, string Default);

/// <summary>A member's draft.</summary>
public sealed record DraftModel
{
    /// <summary>Its short name in addresses.</summary>
    public required string Id { get; init; }

    /// <summary>The file.</summary>
    public required string File { get; init; }

    /// <summary>Its text.</summary>
    public required string Text { get; init; }

    /// <summary>The member.</summary>
    public required string Member { get; init; }

    /// <summary>The decisions that are open.</summary>
    public required IReadOnlyList<DraftDecision> Decisions { get; init; }
}

/// <summary>Work that takes a while.</summary>
/// <param name="Title">The work.</param>
/// <param name="Next">The page that follows.</param>
/// <param name="Share">The share that is done, 0 to 1.</param>
/// <param name="Words">The present step.</param>
/// <param name="IsOver">Whether it has ended.</param>
/// <param name="Lines">The result.</param>
/// <param name="Failure">The reason for which it failed; null for none.</param>
public sealed record JobModel(
    string Title, string Next, double Share, string Words, bool IsOver, IReadOnlyList<string> Lines, Refusal? Failure);
