namespace Guardian.Files;

/// <summary>The result of a call on a file: the <c>errno</c> of WASI preview 1, with its numbers, so that nothing is translated on the way
/// to a guest.</summary>
public enum FileError : ushort
{
    /// <summary>The call succeeded.</summary>
    Success = 0,

    /// <summary>2big: an argument list is too long.</summary>
    TooBig = 1,

    /// <summary>acces: permission denied.</summary>
    Access = 2,

    /// <summary>addrinuse.</summary>
    AddressInUse = 3,

    /// <summary>addrnotavail.</summary>
    AddressNotAvailable = 4,

    /// <summary>afnosupport.</summary>
    AddressFamilyNotSupported = 5,

    /// <summary>again: nothing is there now, and the caller does not want to wait.</summary>
    Again = 6,

    /// <summary>already.</summary>
    Already = 7,

    /// <summary>badf: there is no such descriptor, or it is not open for this call.</summary>
    BadDescriptor = 8,

    /// <summary>badmsg.</summary>
    BadMessage = 9,

    /// <summary>busy.</summary>
    Busy = 10,

    /// <summary>canceled.</summary>
    Canceled = 11,

    /// <summary>child.</summary>
    NoChild = 12,

    /// <summary>connaborted.</summary>
    ConnectionAborted = 13,

    /// <summary>connrefused.</summary>
    ConnectionRefused = 14,

    /// <summary>connreset.</summary>
    ConnectionReset = 15,

    /// <summary>deadlk.</summary>
    Deadlock = 16,

    /// <summary>destaddrreq.</summary>
    DestinationRequired = 17,

    /// <summary>dom.</summary>
    Domain = 18,

    /// <summary>dquot: the quota is used up.</summary>
    Quota = 19,

    /// <summary>exist: the name is taken.</summary>
    Exists = 20,

    /// <summary>fault: an address outside the guest's memory.</summary>
    Fault = 21,

    /// <summary>fbig: larger than a file can be.</summary>
    FileTooBig = 22,

    /// <summary>hostunreach.</summary>
    HostUnreachable = 23,

    /// <summary>idrm.</summary>
    IdentifierRemoved = 24,

    /// <summary>ilseq: not UTF-8.</summary>
    IllegalSequence = 25,

    /// <summary>inprogress.</summary>
    InProgress = 26,

    /// <summary>intr.</summary>
    Interrupted = 27,

    /// <summary>inval: an argument that is never valid.</summary>
    Invalid = 28,

    /// <summary>io: the device failed, or it returned other bytes than were written.</summary>
    Io = 29,

    /// <summary>isconn.</summary>
    IsConnected = 30,

    /// <summary>isdir: a directory, but the call needs a file.</summary>
    IsDirectory = 31,

    /// <summary>loop: a symbolic link that may not be followed, or too many of them.</summary>
    Loop = 32,

    /// <summary>mfile: too many descriptors are open.</summary>
    TooManyOpen = 33,

    /// <summary>mlink.</summary>
    TooManyLinks = 34,

    /// <summary>msgsize.</summary>
    MessageSize = 35,

    /// <summary>multihop.</summary>
    Multihop = 36,

    /// <summary>nametoolong.</summary>
    NameTooLong = 37,

    /// <summary>netdown.</summary>
    NetworkDown = 38,

    /// <summary>netreset.</summary>
    NetworkReset = 39,

    /// <summary>netunreach.</summary>
    NetworkUnreachable = 40,

    /// <summary>nfile.</summary>
    TooManyOpenInSystem = 41,

    /// <summary>nobufs.</summary>
    NoBuffers = 42,

    /// <summary>nodev.</summary>
    NoDevice = 43,

    /// <summary>noent: there is no such name.</summary>
    NoEntry = 44,

    /// <summary>noexec.</summary>
    NotExecutable = 45,

    /// <summary>nolck.</summary>
    NoLocks = 46,

    /// <summary>nolink.</summary>
    NoLink = 47,

    /// <summary>nomem.</summary>
    NoMemory = 48,

    /// <summary>nomsg.</summary>
    NoMessage = 49,

    /// <summary>noprotoopt.</summary>
    NoProtocolOption = 50,

    /// <summary>nospc: the device is full.</summary>
    NoSpace = 51,

    /// <summary>nosys: there is no such call.</summary>
    NotImplemented = 52,

    /// <summary>notconn.</summary>
    NotConnected = 53,

    /// <summary>notdir: a file, but the call needs a directory.</summary>
    NotDirectory = 54,

    /// <summary>notempty: a directory that is not empty.</summary>
    NotEmpty = 55,

    /// <summary>notrecoverable.</summary>
    NotRecoverable = 56,

    /// <summary>notsock: not a socket.</summary>
    NotSocket = 57,

    /// <summary>notsup: the kind of file does not support the call.</summary>
    NotSupported = 58,

    /// <summary>notty.</summary>
    NotTerminal = 59,

    /// <summary>nxio.</summary>
    NoSuchDevice = 60,

    /// <summary>overflow: a value too large for its type.</summary>
    Overflow = 61,

    /// <summary>ownerdead.</summary>
    OwnerDead = 62,

    /// <summary>perm: the call is never permitted.</summary>
    NotPermitted = 63,

    /// <summary>pipe: the reader is gone.</summary>
    BrokenPipe = 64,

    /// <summary>proto.</summary>
    Protocol = 65,

    /// <summary>protonosupport.</summary>
    ProtocolNotSupported = 66,

    /// <summary>prototype.</summary>
    WrongProtocolType = 67,

    /// <summary>range: the buffer is too small for the answer.</summary>
    Range = 68,

    /// <summary>rofs: the file system is open for reading only.</summary>
    ReadOnly = 69,

    /// <summary>spipe: the stream has no position.</summary>
    IllegalSeek = 70,

    /// <summary>srch.</summary>
    NoProcess = 71,

    /// <summary>stale.</summary>
    Stale = 72,

    /// <summary>timedout.</summary>
    TimedOut = 73,

    /// <summary>txtbsy.</summary>
    TextBusy = 74,

    /// <summary>xdev: in another file system.</summary>
    CrossDevice = 75,

    /// <summary>notcapable: the descriptor lacks the right.</summary>
    NotCapable = 76,
}
