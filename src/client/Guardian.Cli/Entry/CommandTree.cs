using System.CommandLine;
using System.CommandLine.Help;
using Guardian.Cli.Commands;
using Guardian.Cli.Commands.Cas;
using Guardian.Cli.Commands.Cloud;
using Guardian.Cli.Commands.Demo;
using Guardian.Cli.Commands.Enclaves;
using Guardian.Cli.Commands.Evidence;
using Guardian.Cli.Commands.Keys;
using Guardian.Cli.Commands.Kubernetes;
using Guardian.Cli.Commands.Native;
using Guardian.Cli.Commands.Nodes;
using Guardian.Cli.Commands.Programs;
using Guardian.Cli.Commands.Quotes;
using Guardian.Cli.Commands.Rooms;
using Guardian.Cli.Commands.Secrets;
using Guardian.Cli.Commands.Sessions;
using Guardian.Cli.Commands.Verifier;
using Guardian.Cli.Commands.Volumes;
using Guardian.Cli.Desk;

namespace Guardian.Cli.Entry;

/// <summary>All commands, under the headings by which a newcomer finds them.</summary>
internal static class CommandTree
{
    /// <summary>Makes the tree.</summary>
    public static RootCommand Create()
    {
        (string Title, Command[] Commands)[] sections =
        [
            ("Begin here", [new DemoCommand(), new OpenCommand(), CreateKey()]),
            ("Run confidential programs",
            [
                new RunCommand(), new LogsCommand(), new AttachCommand(), CreateProgram(), CreateNative(), CreateImage(), CreateVolume(),
                CreateSession(),
                CreateSecret(), CreateKubernetes(),
            ]),
            ("Measure audiences with partners", [CreateRoom()]),
            ("Verify before you trust", [new VerifyCommand(), CreateVerifier(), CreateQuote(), CreateEnclave(), CreateCas()]),
            ("Operate an OpenStack cloud", [CreateCloud(), CreateUsage(), CreateNode(), CreateVm(), CreateGuest()]),
            ("This command line", [new CompletionCommand(), new VersionCommand()]),
        ];
        var root = new RootCommand("Guardian: confidential computing on Intel SGX, for operators, tenants and partners who share data.");
        foreach (var command in sections.SelectMany(section => section.Commands))
        {
            root.Subcommands.Add(command);
        }
        root.Options.Add(CliCommand.JsonOption);
        var overview = new Overview(root, [.. sections.Select(section => new OverviewSection(section.Title, section.Commands))]);
        root.SetAction(arguments => overview.Show(arguments));
        root.Options.OfType<HelpOption>().Single().Action = overview;
        return root;
    }

    private static CommandGroup CreateKey() => new(
        "key", "Make and show the keys by which people are known.", new KeyCreateCommand(), new KeyShowCommand());

    private static CommandGroup CreateImage() => new(
        "image", "Pack programs as OCI images, for the registries of Docker and Kubernetes.", new ImagePackCommand(),
        new ImageShowCommand(), new ImageTreeCommand());

    private static CommandGroup CreateProgram() => new(
        "program", "Compile unmodified sources to confidential programs, and these to native code.", new ProgramBuildCommand(),
        new ProgramCompileCommand());

    private static CommandGroup CreateNative() => new(
        "native", "Pack programs of Linux for enclaves of Gramine.", new NativePackCommand());

    private static CommandGroup CreateVolume() => new(
        "volume", "Make, fill, read and check encrypted volumes.",
        new VolumeCreateCommand(), new VolumePutCommand(), new VolumeGetCommand(), new VolumeListCommand(), new VolumeCheckCommand(),
        new VolumeRekeyCommand());

    private static CommandGroup CreateSession() => new(
        "session", "Write the policies by which a CAS gives out secrets.",
        new SessionInitCommand(), new SessionFillCommand(), new SessionCheckCommand(), new SessionDryRunCommand(),
        new SessionDiffCommand(), new SessionVerifyCommand(), new SessionSignCommand(), new SessionFromSconeCommand(),
        new SessionEncryptCommand(), new SessionTokenCommand(),
        new SessionCreateCommand(),
        new SessionUpdateCommand(), new SessionReadCommand(), new SessionListCommand(),
        new SessionHistoryCommand(), new SessionSignDeletionCommand(), new SessionDeleteCommand(),
        new SessionSignSubmissionCommand(), new SessionSubmitCommand());

    private static CommandGroup CreateKubernetes() => new(
        "kubernetes", "Bring confidential programs and their sessions to Kubernetes.", new KubernetesSessionCommand(),
        new KubernetesGenerateCommand(), new KubernetesVerifyCommand());

    private static CommandGroup CreateSecret() => new(
        "secret", "Set and read the values of secrets, apart from the session that uses them.",
        new SecretSetCommand(), new SecretListCommand(), new SecretReadCommand());

    private static CommandGroup CreateRoom() => new(
        "room", "Measure audiences and campaigns with partners, without showing each other a row.",
        new RoomDraftCommand(), new RoomSessionCommand(), new RoomCreateCommand(), new RoomCheckCommand(), new RoomSignCommand(),
        new RoomAmendCommand(), new RoomSucceedCommand(),
        new RoomStartCommand(), new RoomUseCommand(),
        new RoomUploadCommand(), new RoomAskCommand(), new RoomLiftCommand(),
        new CommandGroup(
            "schedule", "Ask again in each period, as 'ask --schedule' and 'lift --schedule' noted.", new RoomScheduleListCommand(),
            new RoomScheduleRunCommand(), new RoomScheduleRemoveCommand()),
        new RoomActivateCommand(), new RoomReportCommand(),
        new RoomAnswersCommand(),
        new RoomBudgetCommand(), new RoomPowerCommand(), new RoomLogCommand(), new RoomDeleteCommand(), new RoomDiagnoseCommand(),
        new RoomStatusCommand(),
        new RoomVerifyCommand());

    private static CommandGroup CreateQuote() => new(
        "quote", "Show and verify quotes of SGX enclaves and TDX trust domains.",
        new QuoteShowCommand(), new QuoteVerifyCommand(), new QuoteForecastCommand(),
        new CommandGroup(
            "collateral", "Fetch, show and pack Intel's statements about platforms.",
            new CollateralFetchCommand(), new CollateralShowCommand(), new CollateralPackCommand()));

    private static CommandGroup CreateVerifier() => new(
        "verifier", "Verify evidence for others, and sign the results.", new VerifierStartCommand());

    private static CommandGroup CreateEnclave() => new(
        "enclave", "Measure enclaves, and show how they are signed.", new EnclaveMeasureCommand(), new EnclaveShowCommand());

    private static CommandGroup CreateCas() => new(
        "cas", "Run a configuration and attestation service (CAS), verify one, or own one.",
        new CasStartCommand(), new CasAttestCommand(), new CasTrustCommand(), new CasClaimCommand(), new CasDoctorCommand(),
        new CommandGroup(
            "owners", "Replace the owners of a CAS, when as many of the present ones agree as recover its store.",
            new OwnersProposeCommand(), new OwnersSignCommand(), new OwnersChangeCommand()),
        new CommandGroup(
            "upgrade", "Approve new code of a CAS, when as many owners agree as recover its store.",
            new UpgradeProposeCommand(), new UpgradeSignCommand(), new UpgradeApproveCommand()),
        new CommandGroup(
            "creators", "Decide who creates sessions at the top level of a CAS, and how much one key keeps.",
            new CreatorsShowCommand(), new CreatorsProposeCommand(), new CreatorsSignCommand(), new CreatorsChangeCommand()),
        new CasRecoverCommand(), new CasCopyKeyCommand(),
        new CommandGroup(
            "audit", "Read a CAS's audit log, and verify that nothing in it was changed, cut off or rolled back.",
            new AuditFetchCommand(), new AuditVerifyCommand(), new AuditShowCommand()),
        new CasProvisioningCommand());

    private static CommandGroup CreateCloud() => new(
        "cloud", "Make an OpenStack cloud ready for SGX guests, and look at its enclave memory.", new CloudSetupCommand(),
        new CloudStatusCommand(), new CloudCapacityCommand(), new CloudDrainCommand(), new CloudQuotaCommand());

    private static CommandGroup CreateUsage() => new(
        "usage", "Show what projects used of a cloud, enclave memory included.", new UsageShowCommand(), new UsageListCommand(),
        new UsageServersCommand(), new UsageDataframesCommand(), new UsageNamespacesCommand());

    private static CommandGroup CreateNode() =>
        new("node", "Look after a compute host.", new NodeCheckCommand(), new ProviderFileCommand(), new InstallRuntimeCommand());

    private static CommandGroup CreateVm() => new("vm", "Look after the virtual machines of this host.", new VmVerifyCommand());

    private static CommandGroup CreateGuest() => new("guest", "Look at the machine that you rent.", new GuestCheckCommand());
}
