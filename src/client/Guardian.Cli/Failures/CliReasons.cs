using Guardian.Refusals;

namespace Guardian.Cli.Failures;

/// <summary>The reasons for which a command ends early. <c>--json</c> prints their codes.</summary>
internal static class CliReasons
{
    // The command line.
    public static readonly RefusalReason Usage = Invalid(
        "usage", "The command line is malformed.", "add --help to see what the command takes");
    public static readonly RefusalReason BadMrEnclave = Invalid("bad-mrenclave", "A measurement is not 64 hex digits.");
    public static readonly RefusalReason BadService = Invalid("bad-service", "A service's name is malformed.");
    public static readonly RefusalReason BadStatus = Invalid("bad-status", "A TCB status is unknown.");
    public static readonly RefusalReason BadFlavor = Invalid(
        "bad-flavor", "A flavor is malformed.", "give name, vCPUs, RAM in MiB, disk in GiB and EPC in MiB, such as sgx.small:1:2048:20:64; "
        + "a flavor of TDX guests has no EPC");
    public static readonly RefusalReason BadPeriod = Invalid("bad-period", "A period is empty.");
    public static readonly RefusalReason BadPath = Invalid(
        "bad-path", "A path in a volume is no target.", "give the path that it should have in the volume");
    public static readonly RefusalReason BadCondition = Invalid(
        "bad-condition", "A condition is malformed.", "for example: --where \"customers.zip_code = Urban\"");
    public static readonly RefusalReason BadMember = Invalid("bad-member", "A member is malformed.");
    public static readonly RefusalReason TwoMembers = Invalid("two-members", "A new contract has two members.");
    public static readonly RefusalReason BadPower = Invalid(
        "bad-power", "A calculation of power lacks a value, or has one out of range.", "for example: --persons 64000 --rate 0.1");
    public static readonly RefusalReason BadCost = Invalid(
        "bad-cost", "The costs of a campaign do not fit its contract.", "for example: --cost Treatment=12000 --currency EUR");
    public static readonly RefusalReason BadSchedule = Invalid(
        "bad-schedule", "A scheduled question does not fit the room or its schedule.");
    public static readonly RefusalReason BadForm = Invalid("bad-form", "Options of an upload exclude each other.");
    public static readonly RefusalReason NoPassphrase = Invalid(
        "no-passphrase", "The passphrase or PIN of a key is missing.",
        "name a file with it in the variable GUARDIAN_KEY_PASSPHRASE_FILE, or run the command at a terminal");
    public static readonly RefusalReason BadTokenUri = Invalid(
        "bad-token-uri", "The URI of a token's key has a PIN.",
        "name a file with the PIN: pin-source=file:PATH, or the variable GUARDIAN_KEY_PASSPHRASE_FILE");
    public static readonly RefusalReason BadVault = Invalid(
        "bad-vault", "A place in Vault, or a variable about Vault, is missing or malformed.");
    public static readonly RefusalReason NoValue = Invalid(
        "no-value", "A secret's value is missing.", "give it by --from-file FILE, --from-env VARIABLE, or standard input");
    public static readonly RefusalReason NoFile = Invalid(
        "no-file", "An upload has no file.", "give --data FILE, or --remove FILE, or both");
    public static readonly RefusalReason NoKey = Invalid("no-key", "A signature needs a key.", "add --key FILE");
    public static readonly RefusalReason NoProfile = Invalid("no-profile", "A profile of normalisation is unknown.");
    public static readonly RefusalReason NoMember = Invalid("no-member", "The contract has no such member.");
    public static readonly RefusalReason NoDataSet = Invalid("no-dataset", "The contract has no such data set.");
    public static readonly RefusalReason NoDataSets = Invalid(
        "no-datasets", "A question in a room of more than two data sets does not say which of them it is about.");
    public static readonly RefusalReason NoConnection = Invalid(
        "no-connection", "A command lacks the room's address or the member's key, and neither is remembered.",
        "add --room ADDRESS --key FILE, or remember them: guardian room use CONTRACT --room ADDRESS --key FILE");
    public static readonly RefusalReason NoWorkload = Invalid(
        "no-workload", "Manifests have no workload with a program for enclaves.",
        "name the image as the manifest does: --image registry.example/visits:1=DIR:/app.wasm");
    public static readonly RefusalReason NoSession = Invalid(
        "no-session", "A new contract lacks the session of a CAS.",
        "add --cas ADDRESS --key FILE, which makes the session; or --session-hash HEX --cas-identity HEX of one that exists");
    public static readonly RefusalReason NoLift = Invalid("no-lift", "The contract does not allow lift.");
    public static readonly RefusalReason HalfAWitness = Invalid(
        "half-a-witness", "A witness needs an address, a session and an identity.",
        "give --witness ADDRESS --witness-session NAME --witness-identity HEX");
    public static readonly RefusalReason NoThreshold = Invalid(
        "no-threshold", "Owners and their threshold belong together.", "give --owner FILE for each owner, and --threshold COUNT");
    public static readonly RefusalReason Reserved = Invalid("reserved", "More EPC is reserved than there is.");
    public static readonly RefusalReason NoJournal = Invalid(
        "no-journal", "A command needs journals.", "name hosts with --node ADDRESS, or files with --journal PATH");
    public static readonly RefusalReason TokenInClear = Invalid(
        "token-in-clear", "A token would go over the network without encryption.", "use https://, or a tunnel to the host's loopback");
    public static readonly RefusalReason NoCertificates = Invalid("no-certificates", "A file has no certificates in PEM.");
    public static readonly RefusalReason UnknownFlavor = Invalid(
        "unknown-flavor", "The EPC of a server is not known: no journal has it, and its flavor is gone.",
        "give the journals of all hosts (--node, --journal), or ask as an administrator, who sees the flavors of deleted servers");
    public static readonly RefusalReason BadQuota = Invalid(
        "bad-quota", "A quota is malformed.", "for example: guardian cloud quota PROJECT --limit 1024");
    public static readonly RefusalReason NoProjectScope = Invalid(
        "no-project-scope", "The credentials are for no project.", "name one with --project");
    public static readonly RefusalReason AmbiguousProject = Invalid(
        "ambiguous-project", "Several projects have this name.", "give the identifier");

    // Files.
    public static readonly RefusalReason Io = new("io", RefusalKind.Unavailable, "A file is missing, or cannot be read or written.");
    public static readonly RefusalReason Exists = Invalid("exists", "An output file already exists.", "choose another name, or remove it");
    public static readonly RefusalReason TooLarge = Invalid("too-large", "A file is too large.");
    public static readonly RefusalReason BadFile = Invalid("bad-file", "A file is malformed.");
    public static readonly RefusalReason BadSession = Invalid("bad-session", "A session has mistakes.");
    public static readonly RefusalReason BadTemplate = Invalid("bad-template", "A session has variables that cannot be replaced.");
    public static readonly RefusalReason NotTranslated = Refused(
        "not-translated", "A session of SCONE has forms that a person must decide about.",
        "the lines with DECIDE say what there is instead; then: guardian session check FILE");
    public static readonly RefusalReason BadSignature = Invalid("bad-signature", "A file holds no signatures.");
    public static readonly RefusalReason BadChange = Invalid(
        "bad-change", "A file holds no change of owners.", "write one with: guardian cas owners propose");
    public static readonly RefusalReason BadApproval = Invalid(
        "bad-approval", "A file holds no approval of code.", "write one with: guardian cas upgrade propose");
    public static readonly RefusalReason BadTrust = Invalid(
        "bad-trust", "A name, or the file behind a name, does not stand for a CAS.", "trust it again: guardian cas trust NAME ADDRESS");
    public static readonly RefusalReason BadCertificate = Invalid("bad-certificate", "A file holds no certificate.");
    public static readonly RefusalReason BadRoot = Invalid(
        "bad-root", "A file holds no root certificate.", "give the root's certificate in PEM");
    public static readonly RefusalReason BadPolicy = Invalid("bad-policy", "A policy has mistakes.");
    public static readonly RefusalReason BadCollateral = Invalid("bad-collateral", "A file or folder holds no collateral.");
    public static readonly RefusalReason BadContract = Invalid("bad-contract", "A contract has mistakes.");
    public static readonly RefusalReason BadConfiguration = Invalid(
        "bad-configuration", "The configuration of guardian-node has mistakes.");
    public static readonly RefusalReason NoEnclave = Refused("no-enclave", "A file is no enclave.");
    public static readonly RefusalReason BadImage = Refused("bad-image", "An image is malformed, or differs from its digests.");
    public static readonly RefusalReason TruncatedLog = Refused(
        "truncated", "An audit log lacks its signed end.", "fetch it again: guardian cas audit fetch");

    // Volumes.
    public static readonly RefusalReason NoEntry = Invalid("no-entry", "The volume has no such entry.");
    public static readonly RefusalReason NotADirectory = Invalid("not-a-directory", "A path in a volume goes through a file.");
    public static readonly RefusalReason IsADirectory = Invalid("is-a-directory", "A path in a volume is a directory.");
    public static readonly RefusalReason RefusedEntry = Invalid("refused", "A volume refused an operation.");
    public static readonly RefusalReason NoSpace = new("no-space", RefusalKind.Unavailable, "The disk is full.");
    public static readonly RefusalReason DamagedEntry = Refused(
        "damaged", "An entry of a volume is damaged.", "guardian volume check lists the damaged files");

    // Verification.
    public static readonly RefusalReason OtherSession = Refused("other-session", "A session has another hash.");
    public static readonly RefusalReason OpenSession = Refused(
        "open-session", "The key of a room could leave its enclave through the session.",
        "write the session with 'guardian room session', create it anew, and have the members sign a contract with its hash");
    public static readonly RefusalReason NotSigned = Refused("not-signed", "A signature of the contract is missing or wrong.");
    public static readonly RefusalReason WrongKey = Refused(
        "wrong-key", "The contract names another key.",
        "sign with the key whose public half is in the contract, or have the contract changed and signed anew");
    public static readonly RefusalReason NotAMember = Refused("not-a-member", "The key is no member's.");
    public static readonly RefusalReason WrongContract = Refused("wrong-contract", "A statement was made under another contract.");
    public static readonly RefusalReason WrongEnclave = Refused(
        "wrong-enclave", "A statement was made by an enclave that the contract does not name.");
    public static readonly RefusalReason NoAnswer = Refused("no-answer", "A statement is no answer.");
    public static readonly RefusalReason NoReceipt = Refused("no-receipt", "A statement is no receipt.");
    public static readonly RefusalReason OtherVersion = Refused("other-version", "An answer is about another version of the data.");
    public static readonly RefusalReason NoPlatform = Refused(
        "no-platform", "A quote does not say which platform it is from.", "take a quote with certification data of type 5");

    // State of the other side.
    public static readonly RefusalReason NoShare = Refused(
        "no-share", "No share of the key is for this owner.", "use the key that was named when the CAS was claimed, or its owners were "
        + "changed");
    public static readonly RefusalReason OtherTrust = Refused(
        "other-trust", "The CAS has another identity or other owners than the user expects.",
        "ask the owners what happened; to accept it under the same name, give --replace");
    public static readonly RefusalReason NotOwned = Refused("not-owned", "The CAS has no owners.", "claim it: guardian cas claim");
    public static readonly RefusalReason NoVersion = Refused(
        "no-version", "The data set has no version yet.", "upload all persons first, without --changes and --remove");
    public static readonly RefusalReason AnalysisNotAllowed = Refused("analysis-not-allowed", "The contract does not allow the analysis.");
    public static readonly RefusalReason NoProject = Refused("no-project", "The cloud has no such project.");
    public static readonly RefusalReason NotRunning = Refused(
        "not-running", "The server does not run on this host.", "openstack server show tells on which host it runs");
    public static readonly RefusalReason NoEpc = Refused(
        "no-epc", "The kernel reports no EPC.", "Linux before 5.17 does not; give it with --section NODE=MIB, from 'dmesg | grep EPC'");

    // Other programs and services.
    public static readonly RefusalReason Interrupted = Unavailable("interrupted", "The command was interrupted.");
    public static readonly RefusalReason NotInstalled = Unavailable(
        "not-installed", "A program of Guardian is not installed.", "install all of Guardian's programs, or build them with ./guardian");
    public static readonly RefusalReason NoVault = Unavailable(
        "no-vault", "Vault does not answer, or does not give a secret.", "check VAULT_ADDR, VAULT_TOKEN and the place: vault kv get");
    public static readonly RefusalReason NoToken = Unavailable(
        "no-token", "A PKCS#11 token gives no key.",
        "check the URI (p11tool --list-all) and the PIN; OpenSSL needs its engine pkcs11 (Debian: libengine-pkcs11-openssl)");
    public static readonly RefusalReason ScheduleBusy = Unavailable(
        "schedule-busy", "Another process asks the scheduled questions of the room.", "try again when it has ended");
    public static readonly RefusalReason NotStarted = Unavailable("not-started", "A program could not be started, or ended at once.");
    public static readonly RefusalReason NoMemory = Unavailable(
        "no-memory", "The memory of a container is too small for a program.",
        "give it more (docker run --memory, or limits.memory of a pod); the program's own memory comes on top");
    public static readonly RefusalReason CannotListen = Unavailable("cannot-listen", "The program's address is in use, or not allowed.");
    public static readonly RefusalReason NoServer = Unavailable(
        "no-server", "A server gives no evidence.", "check the address; the port of a CAS or a room is part of it");
    public static readonly RefusalReason NoNode = Unavailable(
        "no-node", "A host does not give its journal.", "guardian-node answers there if its configuration has meter.listen");

    // Programs of tenants.
    public static readonly RefusalReason NotAttested = Invalid(
        "not-attested", "A program has no session.", "to try a program without protection, add --insecure-no-attestation");
    public static readonly RefusalReason NoToolchain = Unavailable(
        "no-toolchain", "A compiler for WASI, or a part of it, is not installed.");
    public static readonly RefusalReason NotBuilt = Refused("not-built", "A program could not be compiled for WASI.");
    public static readonly RefusalReason NotAProgram = Invalid("not-a-program", "A file is no WebAssembly program.");
    public static readonly RefusalReason Trap = Refused("trap", "The program trapped.");
    public static readonly RefusalReason Limit = Refused("limit", "The program used up its limits.");
    public static readonly RefusalReason HostCall = Unavailable("host-call", "A call of the program failed in this command.");

    // The demo checks Guardian itself.
    public static readonly RefusalReason FiguresDiffer = Refused("figures-differ", "The room's figures are wrong.");
    public static readonly RefusalReason BadRoomLog = Refused("bad-log", "The hash chain of a room's log is broken.");
    public static readonly RefusalReason NotStored = Refused("not-stored", "A repeated question got another answer.");
    public static readonly RefusalReason NotRefused = Refused("not-refused", "The room answered a forbidden question.");
    public static readonly RefusalReason PlaintextFound = Refused("plaintext-found", "The host's disk holds plain text.");

    private static RefusalReason Invalid(string code, string meaning, string? remedy = null) =>
        new(code, RefusalKind.Invalid, meaning, remedy);

    private static RefusalReason Refused(string code, string meaning, string? remedy = null) =>
        new(code, RefusalKind.Unverified, meaning, remedy);

    private static RefusalReason Unavailable(string code, string meaning, string? remedy = null) =>
        new(code, RefusalKind.Unavailable, meaning, remedy);
}
