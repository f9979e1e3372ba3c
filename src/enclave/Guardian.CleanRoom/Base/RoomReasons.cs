using Guardian.Refusals;

namespace Guardian.CleanRoom.Base;

/// <summary>The reasons for which a room refuses. Their codes are the <c>title</c> of a problem on the wire.</summary>
public static class RoomReasons
{
    /// <summary>The caller's TLS key is not in the contract.</summary>
    public static readonly RefusalReason NotAMember = new(
        "not-a-member", RefusalKind.Forbidden, "The TLS key of the caller is not in the contract.");

    /// <summary>A member touches a data set of another.</summary>
    public static readonly RefusalReason NotTheOwner = new(
        "not-the-owner", RefusalKind.Forbidden, "Only the owner of a data set may prepare, upload or delete it.");

    /// <summary>The member has no role <c>query</c>.</summary>
    public static readonly RefusalReason MayNotAsk = new(
        "may-not-ask", RefusalKind.Forbidden, "The contract does not give the member the role 'query'.");

    /// <summary>The member has no role <c>receive</c>.</summary>
    public static readonly RefusalReason MayNotReceive = new(
        "may-not-receive", RefusalKind.Forbidden, "The contract does not give the member the role 'receive'.");

    /// <summary>An activation list is for another member.</summary>
    public static readonly RefusalReason NotTheReceiver = new(
        "not-the-receiver", RefusalKind.Forbidden, "The contract names another member as the receiver of activation lists.");

    /// <summary>The body is not the JSON that this call takes.</summary>
    public static readonly RefusalReason BadRequest = new(
        "bad-request", RefusalKind.Invalid, "The body of the request is not the JSON that this release expects.",
        "use the guardian CLI of the same release");

    /// <summary>The body is larger than this call allows.</summary>
    public static readonly RefusalReason TooLarge = new(
        "too-large", RefusalKind.Invalid, "The body of the request is larger than this call allows.");

    /// <summary>The chunk index in the address is not a number.</summary>
    public static readonly RefusalReason BadIndex = new(
        "bad-index", RefusalKind.Invalid, "The chunk index in the address is not a number.");

    /// <summary>The sequence number in the address is not a number.</summary>
    public static readonly RefusalReason BadNumber = new(
        "bad-number", RefusalKind.Invalid, "The address does not end with the number of a log entry.");

    /// <summary>The contract has no such data set.</summary>
    public static readonly RefusalReason NoDataSet = new("no-dataset", RefusalKind.NotFound, "The contract has no data set of that name.");

    /// <summary>The contract does not allow this analysis.</summary>
    public static readonly RefusalReason AnalysisNotAllowed = new(
        "analysis-not-allowed", RefusalKind.Forbidden, "The contract does not allow this kind of analysis.");

    /// <summary>A question of another kind uses <c>by</c> or <c>column</c>.</summary>
    public static readonly RefusalReason ByNotHere = new(
        "by-not-here", RefusalKind.Forbidden, "Only a crosstab takes 'by', and only a sum takes 'column'.");

    /// <summary>A lift question names data sets.</summary>
    public static readonly RefusalReason DesignFixed = new(
        "design-fixed", RefusalKind.Forbidden, "The contract fixes the data sets of lift.");

    /// <summary>Fewer than two data sets take part.</summary>
    public static readonly RefusalReason OneDataSet = new(
        "one-dataset", RefusalKind.Forbidden, "A question must be about at least two data sets.");

    /// <summary>A question leaves out the data set of persons.</summary>
    public static readonly RefusalReason PersonsMissing = new(
        "persons-missing", RefusalKind.Forbidden, "In a room with several identifiers, rows match only through its data set of persons.",
        "name that data set in the question too");

    /// <summary>Too many comparisons on one data set.</summary>
    public static readonly RefusalReason TooManyFilters = new(
        "too-many-filters", RefusalKind.Forbidden, "The question makes more comparisons on one data set than 'max_filters' allows.");

    /// <summary>A condition is malformed.</summary>
    public static readonly RefusalReason BadFilter = new(
        "bad-filter", RefusalKind.Invalid, "A condition of the question does not fit its column.");

    /// <summary>The owner did not open this value.</summary>
    public static readonly RefusalReason ValueNotOpen = new(
        "value-not-open", RefusalKind.Forbidden, "The owner of the column did not open this value to questions.");

    /// <summary>There is no such column.</summary>
    public static readonly RefusalReason NoColumn = new("no-column", RefusalKind.Forbidden, "The contract has no column of that name.");

    /// <summary>The column's data set takes no part.</summary>
    public static readonly RefusalReason NotTakingPart = new(
        "not-taking-part", RefusalKind.Forbidden, "The column belongs to a data set that takes no part in the question.");

    /// <summary>The owner did not open the column to filters.</summary>
    public static readonly RefusalReason NotFilterable = new(
        "not-filterable", RefusalKind.Forbidden, "The owner did not open the column to filters and groups.");

    /// <summary>The columns of a crosstab are too few, too many or repeated.</summary>
    public static readonly RefusalReason BadCrosstab = new(
        "bad-crosstab", RefusalKind.Forbidden, "A crosstab needs one column or two different columns, and segments of lift need one.");

    /// <summary>A crosstab cannot group by this column.</summary>
    public static readonly RefusalReason NotGroupable = new(
        "not-groupable", RefusalKind.Forbidden, "Crosstabs and segments of lift can group only by categories and flags.");

    /// <summary>The crosstab has too many cells.</summary>
    public static readonly RefusalReason TooManyCells = new(
        "too-many-cells", RefusalKind.Forbidden, "The crosstab, or lift by segment, would have too many cells.");

    /// <summary>The owner did not open the column to sums.</summary>
    public static readonly RefusalReason NotSummable = new(
        "not-summable", RefusalKind.Forbidden, "The owner did not open the column to sums.");

    /// <summary>The question names no program of the contract.</summary>
    public static readonly RefusalReason NoProgram = new(
        "no-program", RefusalKind.Forbidden, "A question for a program must name one of the contract, and no other question names one.");

    /// <summary>A program of the contract is missing, or is another one.</summary>
    public static readonly RefusalReason WrongProgram = new(
        "wrong-program", RefusalKind.Unverified, "The file of a program is missing, or is not the one that the members approved.",
        "put the module beside the contract, as CONTRACT.NAME.wasm; its SHA-256 is the 'digest' in the contract");

    /// <summary>The listed data set takes no part in an activation.</summary>
    public static readonly RefusalReason ListNeedsDataSet = new(
        "list-needs-dataset", RefusalKind.Forbidden, "The data set whose persons are listed must take part in the question.");

    /// <summary>Lift is filtered by an outcome, the assignment or the exposure.</summary>
    public static readonly RefusalReason FilterNotBeforeAssignment = new(
        "filter-not-before-assignment", RefusalKind.Forbidden,
        "Lift cannot be filtered or divided by the assignment, the exposure or an outcome.");

    /// <summary>Lift over everyone assigned is filtered by the outcomes' data set.</summary>
    public static readonly RefusalReason FilterNeedsMatch = new(
        "filter-needs-match", RefusalKind.Forbidden,
        "Lift over everyone assigned cannot be filtered or divided by columns that only matched persons have.");

    /// <summary>A data set of the question has no complete upload yet.</summary>
    public static readonly RefusalReason DataMissing = new(
        "data-missing", RefusalKind.Conflict, "A data set of the question has no complete upload yet.");

    /// <summary>A privacy budget is spent.</summary>
    public static readonly RefusalReason BudgetExhausted = new(
        "budget-exhausted", RefusalKind.Conflict, "A data set of the question has too little of its privacy budget left.");

    /// <summary>The difference guard has no memory left.</summary>
    public static readonly RefusalReason HistoryFull = new(
        "history-full", RefusalKind.Conflict, "The room has answered as many questions as it can remember.",
        "go on under a contract that succeeds this one");

    /// <summary>A privacy rule withholds the answer; which one is not disclosed (docs/decisions/0085).</summary>
    public static readonly RefusalReason BelowMinimumAudience = new(
        "below-minimum-audience", RefusalKind.Withheld,
        "The group, its complement or its difference from an earlier answer is too small; the room does not say which.");

    /// <summary>There is no answer to that log entry.</summary>
    public static readonly RefusalReason NoAnswer = new(
        "no-answer", RefusalKind.NotFound, "The log entry is not a question that was answered.");

    /// <summary>The digest of an upload is malformed.</summary>
    public static readonly RefusalReason BadDigest = new("bad-digest", RefusalKind.Invalid, "The digest is not 64 lower-case hex digits.");

    /// <summary>The upload has too many rows, or none.</summary>
    public static readonly RefusalReason BadRows = new(
        "bad-rows", RefusalKind.Invalid, "The number of rows is outside the bounds of the contract.");

    /// <summary>The same upload was announced in another form.</summary>
    public static readonly RefusalReason BadForm = new(
        "bad-form", RefusalKind.Invalid, "The upload was announced in another form before.",
        "prepare the data set again");

    /// <summary>A chunk was altered or belongs elsewhere.</summary>
    public static readonly RefusalReason BadChunk = new(
        "bad-chunk", RefusalKind.Invalid, "A chunk was altered, cut off, or belongs to another upload.");

    /// <summary>The decrypted rows break the layout, or are not the announced ones.</summary>
    public static readonly RefusalReason BadContent = new(
        "bad-content", RefusalKind.Invalid, "The rows of an upload break the layout or differ from the announcement.",
        "prepare the data set again with the guardian CLI of this release");

    /// <summary>The contract says that one data set lies within another, and the uploaded rows say otherwise.</summary>
    public static readonly RefusalReason NotWithin = new(
        "not-within", RefusalKind.Invalid, "The contract says that a data set lies within another, and some of its persons do not.",
        "upload the containing data set first, with all persons of the other; or agree on a contract without 'within'");

    /// <summary>The contract pins the current version for a period.</summary>
    public static readonly RefusalReason VersionPinned = new(
        "version-pinned", RefusalKind.Conflict, "The contract keeps the current version of the data set until its period ends.",
        "upload again when the period has ended; or delete the data set first, if persons must leave it now");

    /// <summary>Two rows of an upload have the same identifier.</summary>
    public static readonly RefusalReason RepeatedIdentifier = new(
        "repeated-identifier", RefusalKind.Invalid, "Two rows of an upload have the same identifier of one kind.",
        "prepare the data set again with the guardian CLI of this release, which keeps the first");

    /// <summary>The persons of an exact room may not change after its first answer.</summary>
    public static readonly RefusalReason PersonsFixed = new(
        "persons-fixed", RefusalKind.Conflict,
        "Without noise, the data set of persons cannot change after the first answer: other identifiers would make old persons new ones.",
        "agree on noise, or on a new contract");

    /// <summary>A chunk came before its predecessor.</summary>
    public static readonly RefusalReason Gap = new("gap", RefusalKind.Conflict, "A chunk came before its predecessor.");

    /// <summary>Not all chunks are stored yet.</summary>
    public static readonly RefusalReason Incomplete = new(
        "incomplete", RefusalKind.Conflict, "Chunks of the upload are missing.",
        "send the rest first");

    /// <summary>The contract allows no uploads of changes.</summary>
    public static readonly RefusalReason NoChanges = new(
        "no-changes", RefusalKind.Invalid, "The contract allows no uploads of changes for this data set.",
        "upload all persons");

    /// <summary>Changes are for another version than the current one.</summary>
    public static readonly RefusalReason BaseChanged = new(
        "base-changed", RefusalKind.Conflict, "The changes are for another version than the current one.",
        "read the current version, and send what differs from it");

    /// <summary>Too many unfinished uploads.</summary>
    public static readonly RefusalReason TooManyUploads = new(
        "too-many-uploads", RefusalKind.Conflict, "The data set has too many unfinished uploads.",
        "finish one of them first");

    /// <summary>A bucket overflows.</summary>
    public static readonly RefusalReason TooFull = new(
        "too-full", RefusalKind.Invalid, "More rows fell into one bucket than it has slots.");

    /// <summary>No such upload was announced.</summary>
    public static readonly RefusalReason NoUpload = new(
        "no-upload", RefusalKind.NotFound, "No upload with this digest was announced.",
        "begin it again");

    /// <summary>The data set is empty already.</summary>
    public static readonly RefusalReason NoData = new("no-data", RefusalKind.NotFound, "The data set holds nothing that could be deleted.");

    /// <summary>The untrusted disk does not hold what the enclave wrote, or another enclave has taken the room over.</summary>
    public static readonly RefusalReason StateChanged = new(
        "state-changed", RefusalKind.Damaged, "The stored state is not what the enclave wrote: it was changed, removed or rolled back.");

    /// <summary>The room was handed over.</summary>
    public static readonly RefusalReason HandedOver = new(
        "handed-over", RefusalKind.Conflict, "The room was handed over to a contract that succeeds its own, and answers nothing more.",
        "use the room that runs under the contract that succeeds this one");

    /// <summary>A contract may not succeed the room's.</summary>
    public static readonly RefusalReason NoSuccessor = new(
        "no-successor", RefusalKind.Forbidden,
        "A contract does not succeed the room's: it names another predecessor, or a signature or vote is missing.",
        "each member signs it with 'guardian room sign', and so does each member of the contract before");

    /// <summary>A room begins under a contract that succeeds another, without the hand-over of the old room.</summary>
    public static readonly RefusalReason NoHandOver = new(
        "no-hand-over", RefusalKind.Unverified,
        "The contract succeeds another, and there is no valid hand-over by the room under that one.",
        "get it from the old room with 'guardian room succeed', and put it beside the contract");

    /// <summary>Another release wrote the stored state.</summary>
    public static readonly RefusalReason OtherFormat = new(
        "other-format", RefusalKind.Conflict, "Another release wrote the stored state of the room, in a form that this one does not read.",
        "run the room with the release that wrote its files, or agree on a new room and upload the data again");

    /// <summary>The CAS, which keeps the head of the log and the secret of the data's keys, does not answer.</summary>
    public static readonly RefusalReason CasAway = new(
        "cas-away", RefusalKind.Unavailable,
        "The CAS keeps the head of the room's log and the secret of the data's keys, and it cannot be reached.",
        "see that the CAS runs and that the room reaches it, and try again; nothing is charged twice");

    /// <summary>The untrusted disk does not take what the room writes.</summary>
    public static readonly RefusalReason DiskFailed = new(
        "disk-failed", RefusalKind.Unavailable, "The disk of the room is full, or fails.",
        "ask the operator of the room for space, and try again; an upload continues where it was interrupted");
}
