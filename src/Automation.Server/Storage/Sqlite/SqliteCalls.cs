using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Automation.Server.Storage.Sqlite;

/// <summary>SQLite's own functions for the hot statements (sqlite.org/c3ref), on bare handles that <see cref="SqliteStatement"/> keeps alive.</summary>
/// <remarks>
/// An event takes about fifty binds. SQLitePCLRaw's calls count references on each handle and change the collector's mode for each: 4 % of the server's
/// CPU under load. A bind of a number is a few instructions and needs neither.
/// </remarks>
internal static partial class SqliteCalls
{
    private const string Library = "e_sqlite3";

    /// <summary>As a destructor: SQLite copies the bytes before the call returns.</summary>
    public const nint Transient = -1;

    /// <summary>SQLITE_FCNTL_HAS_MOVED</summary>
    public const int HasMoved = 20;

    [SuppressGCTransition]
    [LibraryImport(Library, EntryPoint = "sqlite3_bind_int64")]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial int BindLong(nint statement, int position, long value);

    [SuppressGCTransition]
    [LibraryImport(Library, EntryPoint = "sqlite3_bind_null")]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial int BindNull(nint statement, int position);

    [LibraryImport(Library, EntryPoint = "sqlite3_bind_text")]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial int BindText(nint statement, int position, ref readonly byte utf8, int length, nint destructor);

    [LibraryImport(Library, EntryPoint = "sqlite3_bind_blob")]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial int BindBlob(nint statement, int position, ref readonly byte bytes, int length, nint destructor);

    [LibraryImport(Library, EntryPoint = "sqlite3_step")]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial int Step(nint statement);

    /// <summary>The operating system's error number of the last call that failed by one.</summary>
    [LibraryImport(Library, EntryPoint = "sqlite3_system_errno")]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial int SystemError(nint connection);

    /// <summary>With <see cref="HasMoved"/>: whether the file is at its place no more.</summary>
    [LibraryImport(Library, EntryPoint = "sqlite3_file_control", StringMarshalling = StringMarshalling.Utf8)]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial int FileControl(nint connection, string database, int operation, out int answer);

    [LibraryImport(Library, EntryPoint = "sqlite3_reset")]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    public static partial int Reset(nint statement);
}
