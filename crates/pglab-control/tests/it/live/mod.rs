mod caps;
mod commits;
mod readers;
mod school;
mod trouble;
