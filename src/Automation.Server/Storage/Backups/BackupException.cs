namespace Automation.Server.Storage.Backups;

/// <summary>A backup or a restore that could not be made. The message is for the person who asked for it: what is wrong, and what to do. Nothing half done is left.</summary>
internal sealed class BackupException(string message, Exception? inner = null) : Exception(message, inner);
