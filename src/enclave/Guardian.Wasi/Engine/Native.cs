using System.Runtime.InteropServices;

// The engine lies beside this assembly.
[assembly: DefaultDllImportSearchPaths(DllImportSearchPath.AssemblyDirectory | DllImportSearchPath.SafeDirectories)]

namespace Guardian.Wasi.Engine;

/// <summary>The part of Wasmtime's C interface (version 50) that this project uses: <c>wasm.h</c>, <c>wasmtime.h</c>.</summary>
internal static unsafe partial class Native
{
    public const byte KindMemory = 3;
    public const byte KindFunction = 0;

    // wasm_byte_vec_t and the other vectors
    [StructLayout(LayoutKind.Sequential)]
    public struct Vector
    {
        public nuint Size;
        public void* Data;
    }

    // wasmtime_instance_t and wasmtime_func_t
    [StructLayout(LayoutKind.Sequential)]
    public struct Handle
    {
        public ulong Store;
        public nuint Index;
    }

    // wasmtime_memory_t
    [StructLayout(LayoutKind.Sequential)]
    public struct Memory
    {
        public Handle Instance;
        public uint Index;
    }

    // wasmtime_extern_t: kind, then a union of the above
    [StructLayout(LayoutKind.Explicit, Size = 32)]
    public struct Extern
    {
        [FieldOffset(0)] public byte Kind;
        [FieldOffset(8)] public Handle Function;
        [FieldOffset(8)] public Memory Memory;
    }

    [LibraryImport("wasmtime", EntryPoint = "wasm_config_new")]
    public static partial nint NewConfig();

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_config_epoch_interruption_set")]
    public static partial void SetEpochInterruption(nint config, byte value);

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_config_consume_fuel_set")]
    public static partial void SetConsumeFuel(nint config, byte value);

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_config_memory_reservation_set")]
    public static partial void SetMemoryReservation(nint config, ulong size);

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_config_memory_guard_size_set")]
    public static partial void SetMemoryGuardSize(nint config, ulong size);

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_config_memory_init_cow_set")]
    public static partial void SetMemoryInitCopyOnWrite(nint config, byte value);

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_config_signals_based_traps_set")]
    public static partial void SetSignalsBasedTraps(nint config, byte value);

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_config_cranelift_nan_canonicalization_set")]
    public static partial void SetNanCanonicalization(nint config, byte value);

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_config_target_set", StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint SetTarget(nint config, string triple);

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_config_cranelift_flag_enable", StringMarshalling = StringMarshalling.Utf8)]
    public static partial void EnableCompilerFlag(nint config, string flag);

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_pooling_allocation_config_new")]
    public static partial nint NewPool();

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_pooling_allocation_config_delete")]
    public static partial void DeletePool(nint pool);

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_pooling_allocation_config_max_memory_size_set")]
    public static partial void SetPoolMemorySize(nint pool, nuint size);

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_pooling_allocation_config_linear_memory_keep_resident_set")]
    public static partial void SetPoolResidentMemory(nint pool, nuint size);

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_pooling_allocation_config_table_keep_resident_set")]
    public static partial void SetPoolResidentTables(nint pool, nuint size);

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_pooling_allocation_config_table_elements_set")]
    public static partial void SetPoolTableElements(nint pool, nuint count);

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_pooling_allocation_config_total_core_instances_set")]
    public static partial void SetPoolInstances(nint pool, uint count);

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_pooling_allocation_config_total_memories_set")]
    public static partial void SetPoolMemories(nint pool, uint count);

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_pooling_allocation_config_total_tables_set")]
    public static partial void SetPoolTables(nint pool, uint count);

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_pooling_allocation_config_total_gc_heaps_set")]
    public static partial void SetPoolHeaps(nint pool, uint count);

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_pooling_allocation_config_total_stacks_set")]
    public static partial void SetPoolStacks(nint pool, uint count);

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_pooling_allocation_strategy_set")]
    public static partial void SetPool(nint config, nint pool);

    [LibraryImport("wasmtime", EntryPoint = "wasm_engine_new_with_config")]
    public static partial nint NewEngine(nint config);

    [LibraryImport("wasmtime", EntryPoint = "wasm_engine_delete")]
    public static partial void DeleteEngine(nint engine);

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_engine_increment_epoch")]
    public static partial void IncrementEpoch(nint engine);

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_wat2wasm")]
    public static partial nint ConvertText(byte* text, nuint size, Vector* bytes);

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_module_new")]
    public static partial nint NewModule(nint engine, byte* bytes, nuint size, nint* module);

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_module_serialize")]
    public static partial nint Serialize(nint module, Vector* bytes);

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_module_deserialize")]
    public static partial nint Deserialize(nint engine, byte* bytes, nuint size, nint* module);

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_module_delete")]
    public static partial void DeleteModule(nint module);

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_store_new")]
    public static partial nint NewStore(nint engine, nint data, nint finalizer);

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_store_context")]
    public static partial nint Context(nint store);

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_store_limiter")]
    public static partial void Limit(nint store, long memorySize, long tableElements, long instances, long tables, long memories);

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_store_delete")]
    public static partial void DeleteStore(nint store);

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_context_set_fuel")]
    public static partial nint SetFuel(nint context, ulong fuel);

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_context_get_fuel")]
    public static partial nint GetFuel(nint context, ulong* fuel);

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_context_set_epoch_deadline")]
    public static partial void SetEpochDeadline(nint context, ulong ticksBeyondCurrent);

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_linker_new")]
    public static partial nint NewLinker(nint engine);

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_linker_delete")]
    public static partial void DeleteLinker(nint linker);

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_linker_define_func_unchecked")]
    public static partial nint Define(
        nint linker, byte* module, nuint moduleSize, byte* name, nuint nameSize, nint type,
        delegate* unmanaged<nint, nint, ulong*, nuint, nint> function, nint data, nint finalizer);

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_linker_instantiate")]
    public static partial nint Instantiate(nint linker, nint context, nint module, Handle* instance, nint* trap);

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_linker_instantiate_pre")]
    public static partial nint Prepare(nint linker, nint module, nint* prepared);

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_instance_pre_instantiate")]
    public static partial nint InstantiatePrepared(nint prepared, nint context, Handle* instance, nint* trap);

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_instance_pre_delete")]
    public static partial void DeletePrepared(nint prepared);

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_instance_export_get")]
    public static partial byte GetExport(nint context, Handle* instance, byte* name, nuint size, Extern* export);

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_caller_export_get")]
    private static partial byte GetCallerExport(nint caller, byte* name, nuint size, Extern* export);

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_caller_context")]
    public static partial nint CallerContext(nint caller);

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_extern_delete")]
    public static partial void DeleteExtern(Extern* export);

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_func_type")]
    public static partial nint FunctionType(nint context, Handle* function);

    [LibraryImport("wasmtime", EntryPoint = "wasm_functype_params")]
    public static partial Vector* Parameters(nint type);

    [LibraryImport("wasmtime", EntryPoint = "wasm_functype_results")]
    public static partial Vector* Results(nint type);

    [LibraryImport("wasmtime", EntryPoint = "wasm_functype_delete")]
    public static partial void DeleteFunctionType(nint type);

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_func_call_unchecked")]
    public static partial nint Call(nint context, Handle* function, ulong* values, nuint count, nint* trap);

    // Both calls are a few loads; leaving the .NET runtime would cost more than the call.
    [LibraryImport("wasmtime", EntryPoint = "wasmtime_memory_data")]
    [SuppressGCTransition]
    public static partial byte* MemoryData(nint context, Memory* memory);

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_memory_data_size")]
    [SuppressGCTransition]
    public static partial nuint MemorySize(nint context, Memory* memory);

    [LibraryImport("wasmtime", EntryPoint = "wasm_valtype_new")]
    public static partial nint NewValueType(byte kind);

    [LibraryImport("wasmtime", EntryPoint = "wasm_valtype_vec_new")]
    public static partial void NewValueTypes(Vector* types, nuint size, nint* from);

    [LibraryImport("wasmtime", EntryPoint = "wasm_functype_new")]
    public static partial nint NewFunctionType(Vector* parameters, Vector* results);

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_trap_new")]
    private static partial nint NewTrap(byte* message, nuint size);

    /// <summary>Makes a trap with a message.</summary>
    public static nint NewTrap(ReadOnlySpan<byte> message)
    {
        fixed (byte* text = message)
        {
            return NewTrap(text, (nuint)message.Length);
        }
    }

    /// <summary>Finds the memory that the caller of a host function exports under the name of WASI's.</summary>
    public static bool TryFindMemory(nint caller, out Memory memory)
    {
        memory = default;
        Extern export;
        var memoryName = "memory"u8;
        fixed (byte* name = memoryName)
        {
            if (GetCallerExport(caller, name, (nuint)memoryName.Length, &export) == 0)
            {
                return false;
            }
        }
        if (export.Kind != KindMemory)
        {
            DeleteExtern(&export);
            return false;
        }
        memory = export.Memory;
        return true;
    }

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_trap_code")]
    public static partial byte TrapCode(nint trap, byte* code);

    [LibraryImport("wasmtime", EntryPoint = "wasm_trap_message")]
    public static partial void TrapMessage(nint trap, Vector* message);

    [LibraryImport("wasmtime", EntryPoint = "wasm_trap_delete")]
    public static partial void DeleteTrap(nint trap);

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_error_message")]
    public static partial void ErrorMessage(nint error, Vector* message);

    [LibraryImport("wasmtime", EntryPoint = "wasmtime_error_delete")]
    public static partial void DeleteError(nint error);

    [LibraryImport("wasmtime", EntryPoint = "wasm_byte_vec_delete")]
    public static partial void DeleteBytes(Vector* bytes);
}
